# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guest time that udev takes for a burst of virtual functions, by the rule that it has for them.

As in boot.py the clock of the guest counts instructions. One boot, one udevd; each way makes all
virtual functions, waits for udev, and removes them again.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import boot
from boot import TOP, kernels, overlay, qemu, roots

# NVMe controllers of QEMU 7.2 make 127 virtual functions at most.
VFS = (127, 127, 2)
MODULES = ("nvme", "vfio-pci", "vfio_iommu_type1")
PROGRAMS = ("/usr/bin/udevadm", "/usr/bin/kmod")
PROBE = "/bench/probe"
EVENT = 'SUBSYSTEM=="pci", ACTION=="add", ENV{PCI_ID}=="1B36:0010", '
RULES = {
    "no-rule": "# nothing\n",
    "override": EVENT + 'ATTR{driver_override}="vfio-pci"\n',
    # What has to follow for the device to be on that driver; in one rule it would come first.
    "override-and-probe": f'{EVENT}ATTR{{driver_override}}="vfio-pci"\n'
                          f'{EVENT}PROGRAM=="{PROBE} $kernel"\n',
}
WAYS = ("warm-up", "no-rule", "override", "override-and-probe", "vfio-early")
RESULT = re.compile(r"bench way=(\S+) ns=(\d+) events=(\d+) bound=(\d+)")


@dataclass(frozen=True)
class Way:
    """One rule: nanoseconds for all events, and how many devices were bound then."""

    name: str
    ns: int
    events: int
    bound: int


def rules_of(way: str) -> bytes:
    if way == "vfio-early":
        return (TOP / "hooks/60-vfio-early.rules").read_bytes()
    return RULES.get(way, RULES["no-rule"]).encode()


def image(root: roots.Root, kernel: kernels.Kernel, binder: Path) -> bytes:
    """An archive with udev, the modules of the controllers and of VFIO, and every rule."""
    files: dict[str, overlay.Contents] = {}
    for path in (*PROGRAMS, *boot.libraries(root, PROGRAMS)):
        # The program itself looks for systemd's own library below /usr.
        place = f"/usr{path}" if "/systemd/" in path and path.startswith("/lib/") else path
        files[place] = (0o755, boot.from_root(root, path))
    files["/usr/sbin/modprobe"] = files["/usr/bin/kmod"]
    files["/usr/lib/systemd/systemd-udevd"] = files["/usr/bin/udevadm"]
    paths = boot.module_paths(root, kernel.version, MODULES)
    files |= boot.index(root, kernel.version, {path: boot.from_root(root, path) for path in paths})
    for way in WAYS:
        files[f"/bench/{way}.rules"] = rules_of(way)
    files["/bench/ways"] = "".join(f"{way} /bench/{way}.rules\n" for way in WAYS).encode()
    with tempfile.TemporaryDirectory(prefix="vfio-early-bench.") as folder:
        for name, place in (("late", "/init"), ("probe", PROBE)):
            made = Path(folder) / name
            boot.compile_static(TOP / f"bench/guest/{name}.c", made)
            files[place] = (0o755, made.read_bytes())
        stripped = Path(folder) / "binder"
        subprocess.run(["strip", "-o", stripped, binder], check=True)
        files[boot.BINDER] = (0o755, stripped.read_bytes())
    return overlay.archive(files)


def devices() -> list[str]:
    """Controllers, each on a root port with room for what it makes."""
    options = []
    for number, count in enumerate(VFS):
        options += [
            "-device", f"pcie-root-port,id=rp{number},bus=pcie.0,chassis={number + 1},"
                       f"addr={number + 1:x}.0,io-reserve=0,mem-reserve=32M,pref64-reserve=64M",
            "-device", f"nvme-subsys,id=subsys{number}",
            "-device", f"nvme,serial=pf{number},subsys=subsys{number},bus=rp{number},"
                       f"sriov_max_vfs={count},sriov_vq_flexible={2 * count},"
                       f"sriov_vi_flexible={count},max_ioqpairs={2 * count + 2},"
                       f"msix_qsize={count + 2}"]
    return options


def command(kernel: Path, initrd: Path) -> list[str]:
    return [qemu.emulator(), "-nodefaults", "-no-user-config", "-accel", boot.ACCELERATOR,
            *boot.ICOUNT, "-M", "q35,kernel-irqchip=split", "-smp", "1", "-m", "2048", "-display",
            "none", "-serial", "stdio", "-no-reboot", "-device", "intel-iommu,intremap=on",
            *devices(), "-kernel", str(kernel), "-initrd", str(initrd), "-append",
            f"{boot.APPEND} rdinit=/init"]


def measure(binder: Path, folder: Path) -> tuple[list[Way], list[str]]:
    """Boots once; the ways, and the command line."""
    root = roots.root(boot.SUITE, packages=boot.PEERS)
    kernel = kernels.of_root(root)
    initrd = folder / "initrd"
    initrd.write_bytes(image(root, kernel, binder))
    words = command(kernel.path, initrd)
    result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False, timeout=570)
    text = result.stdout.decode("utf-8", "replace")
    (folder / "late.txt").write_text(" ".join(words) + "\n" + text, encoding="utf-8")
    if "bench end" not in text or "bench error" in text:
        raise boot.BootError(f"the boot ended with {result.returncode}: {text[-1500:]}")
    ways = [Way(name, int(ns), int(events), int(bound))
            for name, ns, events, bound in RESULT.findall(text)]
    return ways, command(Path(kernel.path.name), Path("initrd"))
