# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guest time of each way to put devices on vfio-pci, counted in instructions by QEMU.

With -icount the clock of the guest advances by instructions, so a measurement is exact and has
nothing to do with how busy this machine is. All ways run in one boot, one after the other, on
the same devices, each after everything was given back and the modules removed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/boot"))

import cache  # noqa: E402
import kernels  # noqa: E402
import overlay  # noqa: E402
import qemu  # noqa: E402
import roots  # noqa: E402

SUITE = "trixie"
PEERS = ("driverctl",)
ICOUNT = ("-icount", "shift=1,sleep=off")
ACCELERATOR = "tcg,thread=single,tb-size=256"
MODULES = ("vfio-pci", "vfio_iommu_type1")
APPEND = ("console=ttyS0 quiet loglevel=1 log_buf_len=1M panic=-1 intel_iommu=on no_timer_check "
          "cryptomgr.notests=1")
# Behind its own root port each: the wanted ones; eight to a port: the others.
WANTED = "ich9-intel-hda"
OTHER = "virtio-rng-pci-non-transitional"
PORTS_MAX = 8 * 29
LIMIT_S = 1200
OWN = ("host bridge, ISA bridge, AHCI and SMBus of the q35 board", 4)

BINDER = "/usr/lib/vfio-early/vfio-early-boot"
WAYS = (
    ("warm-up", "/bench/floor"),
    ("floor", "/bench/floor"),
    ("vfio-early", BINDER),
    ("vfio-early-path", BINDER),
    ("script-busybox-ash", "/bin/busybox ash /bench/override-by-address"),
    ("script-bash", "/bin/bash /bench/override-by-address"),
    ("driverctl", "/bin/bash /bench/driverctl-all"),
    ("modprobe-ids", "/usr/sbin/modprobe vfio-pci ids=8086:293e"),
    ("exec-floor", "/bench/floor nothing"),
    ("exec-vfio-early", f"{BINDER} --version"),
    ("vfio-early-nothing", BINDER),
)
PROGRAMS = ("/bin/bash", "/usr/bin/kmod", "/bin/busybox", "/usr/bin/ls", "/usr/bin/basename",
            "/usr/bin/readlink", "/usr/bin/realpath", "/usr/bin/cut")
RESULT = re.compile(r"bench way=(\S+) ns=(\d+) last=(\d+) status=(\d+) bound=(\d+)")
FUNCTIONS = re.compile(r"bench functions=(\d+) devices=(\d+)")


class BootError(Exception):
    """A boot that measured nothing."""


@dataclass(frozen=True)
class Times:
    """Of one boot: how many functions there were, and the nanoseconds of each way, to the end of
    its program and (`last`) to the last device bound."""

    functions: int
    wanted: int
    ns: dict[str, int]
    last: dict[str, int]
    bound: dict[str, int]


def compile_static(source: Path, target: Path) -> None:
    """The guest's programs are small and static, as what they are compared with."""
    subprocess.run(["musl-gcc", "-Os", "-static", "-s", "-o", target, source], check=True)


def devices(functions: int, wanted: int) -> list[str]:
    """QEMU's options for a machine of at least so many functions, `wanted` of them to bind."""
    others = max(0, functions - OWN[1] - 2 * wanted)
    ports = wanted + min(-(-others // 9), PORTS_MAX - wanted)
    options = []
    for port in range(ports):
        slot, function = divmod(port, 8)
        options += ["-device", f"pcie-root-port,id=port{port},bus=pcie.0,chassis={port + 1},"
                               f"addr={slot + 1:x}.{function},multifunction=on,io-reserve=0"]
        if port < wanted:
            options += ["-device", f"{WANTED},bus=port{port}"]
            continue
        left = min(8, others - 9 * (port - wanted) - 1)
        options += [word for place in range(left) for word in (
            "-device", f"{OTHER},bus=port{port},addr=0.{place},multifunction=on")]
    return options


def from_root(root: roots.Root, path: str) -> bytes:
    """A file of the root, wherever its links lead."""
    at = root.path / path.lstrip("/")
    while at.is_symlink():
        target = at.readlink()
        at = root.path / str(target).lstrip("/") if target.is_absolute() else at.parent / target
    parts = at.relative_to(root.path).parts
    folder = root.path
    for part in parts[:-1]:
        folder = folder / part
        if folder.is_symlink():
            folder = root.path / str(folder.readlink()).lstrip("/")
    return (folder / parts[-1]).read_bytes()


def libraries(root: roots.Root, programs: Sequence[str]) -> list[str]:
    """What the programs load, as the loader of the root finds it."""
    listed = root.run(["ldd", *programs]).stdout.decode()
    return sorted(set(re.findall(r"(/lib\S+)", listed)))


def module_paths(root: roots.Root, version: str, modules: Sequence[str]) -> list[str]:
    """Modules and what they need, in the order of its loading, each file once."""
    order = [path for module in modules for path in re.findall(
        r"insmod (\S+)",
        root.run(["modprobe", "-S", version, "-D", module]).stdout.decode())]
    return list(dict.fromkeys(order))


def index(root: roots.Root, version: str, modules: dict[str, bytes]) -> dict[str, bytes]:
    """Modules with the files that depmod makes of just these."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-bench.") as folder:
        top = Path(folder)
        for path, data in modules.items():
            file = top / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        base = top / "lib/modules" / version
        for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
            (base / name).write_bytes(from_root(root, f"/usr/lib/modules/{version}/{name}"))
        made = root.run(["depmod", "-b", "/run/bench", version], binds=[(top, "/run/bench")])
        if made.returncode:
            raise BootError(made.stdout.decode())
        return {f"/{path.relative_to(top)}": path.read_bytes()
                for path in sorted(top.rglob("*")) if path.is_file()}


def _names(paths: list[str]) -> str:
    return "".join(Path(path).name.split(".")[0].replace("-", "_") + "\n" for path in paths)


def image(root: roots.Root, kernel: kernels.Kernel, binder: Path) -> bytes:
    """An archive with every way in it, and PID 1 that runs them."""
    files: dict[str, overlay.Contents] = {}
    for path in (*PROGRAMS, *libraries(root, PROGRAMS), "/usr/sbin/driverctl"):
        files[path] = (0o755, from_root(root, path))
    for name in ("/sbin/modprobe", "/usr/sbin/modprobe", "/usr/bin/modprobe"):
        files[name] = files["/usr/bin/kmod"]
    paths = module_paths(root, kernel.version, MODULES)
    files |= index(root, kernel.version, {path: from_root(root, path) for path in paths})
    files["/bench/modules"] = "".join(f"{path}\n" for path in paths).encode()
    files["/bench/names"] = _names(paths).encode()
    files["/bench/ways"] = "".join(f"{name} {command}\n" for name, command in WAYS).encode()
    for name in ("override-by-address", "driverctl-all"):
        files[f"/bench/{name}"] = (TOP / "bench/guest" / name).read_bytes()
    files["/etc/driverctl.d/none"] = b""
    files["/var/log/none"] = b""
    with tempfile.TemporaryDirectory(prefix="vfio-early-bench.") as folder:
        for name, place in (("init", "/init"), ("floor", "/bench/floor")):
            made = Path(folder) / name
            compile_static(TOP / f"bench/guest/{name}.c", made)
            files[place] = (0o755, made.read_bytes())
        stripped = Path(folder) / "binder"
        subprocess.run(["strip", "-o", stripped, binder], check=True)
        files[BINDER] = (0o755, stripped.read_bytes())
    return overlay.archive(files)


def command(kernel: Path, initrd: Path, functions: int, wanted: int) -> list[str]:
    """The whole command line of a boot."""
    return [qemu.emulator(), "-nodefaults", "-no-user-config", "-accel", ACCELERATOR, *ICOUNT,
            "-M", "q35,kernel-irqchip=split", "-smp", "1", "-m", "2048", "-display", "none",
            "-serial", "stdio", "-no-reboot", "-device", "intel-iommu,intremap=on",
            *devices(functions, wanted), "-kernel", str(kernel), "-initrd", str(initrd),
            "-append", f"{APPEND} rdinit=/init"]


def measure(kernel: Path, initrd: Path, functions: int, wanted: int, transcript: Path) -> Times:
    """Boots once and reads what the guest printed."""
    words = command(kernel, initrd, functions, wanted)
    result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False, timeout=LIMIT_S)
    text = result.stdout.decode("utf-8", "replace")
    transcript.write_text(" ".join(words) + "\n" + text, encoding="utf-8")
    found = FUNCTIONS.search(text)
    if not found or "bench end" not in text or "bench error" in text:
        problems = " ".join(re.findall(r"bench error=.*", text))
        raise BootError(f"the boot ended with {result.returncode}: {problems} {text[-600:]}")
    rows = RESULT.findall(text)
    return Times(int(found[1]), int(found[2]), {row[0]: int(row[1]) for row in rows},
                 {row[0]: int(row[2]) for row in rows}, {row[0]: int(row[4]) for row in rows})


def prepare(binder: Path, folder: Path) -> tuple[Path, Path]:
    """The kernel, and the image in `folder`."""
    root = roots.root(SUITE, packages=PEERS)
    kernel = kernels.of_root(root)
    initrd = folder / "initrd"
    initrd.write_bytes(image(root, kernel, binder))
    cache.say(f"image of {initrd.stat().st_size} bytes, Linux {kernel.version}")
    return kernel.path, initrd


if __name__ == "__main__":
    where = Path(sys.argv[3] if len(sys.argv) > 3 else "/tmp")
    kernel_path, initrd_path = prepare(TOP / "build/vfio-early-boot", where)
    print(measure(kernel_path, initrd_path, int(sys.argv[1]), int(sys.argv[2]),
                  where / f"{sys.argv[1]}-{sys.argv[2]}.txt"))
