# SPDX-License-Identifier: LGPL-2.1-or-later
"""Booted Debian hosts that are installed into, rebooted and asked, as any machine over ssh.

A host has a disk of its own that keeps what is done on it. It boots the kernel and the boot image
that are on that disk then, as a boot loader does: after a reboot, what the distribution's own
tools have put into /boot there is what runs.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Optional, Sequence

import cache
import disks
import packed
import qemu
import roots
import topologies as top

# With what Ansible and a person need; the rest is what an installer leaves.
PACKAGES = ("systemd", "systemd-sysv", "udev", "kmod", "dbus", "e2fsprogs", "openssh-server",
            "iproute2", "python3", "python3-apt", "sudo", "pciutils", "pci.ids", "procps",
            "busybox", "zstd", "cpio", "linux-image-amd64")
PROGRAMS = ("mmdebstrap", qemu.emulator(), "ssh", "ssh-keygen", "/usr/sbin/debugfs")
GENERATORS = {"initramfs-tools": ("initramfs-tools",), "dracut": ("dracut",)}
SIZE_MIB = 3072
SERIAL_GETTY = "etc/systemd/system/serial-getty@ttyS0.service"
MAC = "52:54:00:12:34:56"
NETWORK = f"[Match]\nMACAddress={MAC}\n\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n"
SMALL = (b"MODULES=list\n", b"COMPRESS=zstd\n", b"COMPRESSLEVEL=1\n")
PATIENCE = 300  # seconds, for a host to come up; emulated, and perhaps not alone

# The first image is made where an installer would make it.
DISK = """
set -e
tar -x -f - -C / --no-same-owner --keep-directory-symlink
systemctl enable systemd-networkd ssh
if command -v update-initramfs; then update-initramfs -c -k "$VERSION"; else
    /etc/kernel/postinst.d/dracut "$VERSION"
fi
rm -rf /usr/share/locale /var/cache/apt/* /var/lib/apt/lists/*
disk=/run/vfio-early/disk
mkdir "$disk"
mount -t tmpfs -o mode=0755,size=4G tmpfs "$disk"
cp -ax /. "$disk"
chmod 0700 "$disk/root/.ssh"
mke2fs -q -t ext4 -U "$UUID" -d "$disk" /run/vfio-early/out/disk "${SIZE}M"
"""


class HostError(Exception):
    """A host did not come up, or did not do what every host does."""


def key() -> Path:
    """Return the private key that the hosts admit, made once."""
    def build(folder: Path) -> None:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vfio-early tests",
                        "-f", str(folder / "key")], check=True)

    return cache.entry("programs", cache.key_of("ssh key"), build) / "key"


def disk(suite: str, generator: str, small: bool = True) -> tuple[Path, str]:
    """Return a disk with a system that was just installed, and the version of its kernel.

    small: its images have only the modules that it needs: an image of Debian's defaults takes
    two minutes to make where all is emulated.
    """
    root = roots.root(suite, base=(*PACKAGES, *GENERATORS[generator]))
    (version,) = root.kernel_versions()
    files = [packed.regular("etc/fstab", f"UUID={disks.ROOT_UUID} / ext4 rw 0 1\n".encode()),
             packed.regular("etc/machine-id", b"0123456789abcdef0123456789abcdef\n", 0o444),
             packed.regular("etc/systemd/network/tests.network", NETWORK.encode()),
             packed.link(SERIAL_GETTY, "/dev/null"),
             packed.regular("root/.ssh/authorized_keys",
                            key().with_suffix(".pub").read_bytes(), 0o600)]
    if generator == "initramfs-tools" and small:
        files += [packed.regular("etc/initramfs-tools/conf.d/tests", b"".join(SMALL)),
                  packed.regular("etc/initramfs-tools/modules", b"nvme\next4\n")]
    given = {"VERSION": version, "UUID": disks.ROOT_UUID, "SIZE": str(SIZE_MIB)}
    name = cache.key_of("host", DISK, root.key, given,
                        [(path, kind, mode, data.hex()) for path, kind, mode, data in files])

    def build(folder: Path) -> None:
        made = root.run(["sh", "-c", DISK], env=given, stdin=packed.tar(files),
                        binds=[(folder, "/run/vfio-early/out")])
        if made.returncode:
            raise HostError(f"no disk: {made.stdout.decode(errors='replace')[-2000:]}")
        cache.say(f"{suite}, {generator}: disk of a host made")

    return cache.entry("disks", name, build) / "disk", version


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# The disk with the root, and the network card that is in use, below a port that can have a sibling.
# (QEMU's AHCI with an IOMMU fails an assertion when much is written: hence NVMe.)
ROOT = ("-drive", "if=none,id=root,format=raw,cache=unsafe,file=@disk@",
        *top.slot(1, "nvme,serial=root,drive=root"),
        *top.device(f"{top.root_port(2)[1]},multifunction=on"),
        *top.device(f"{top.NIC},bus=rp2,netdev=net,mac={MAC}"),
        "-netdev", "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:@port@-:22")
# The only keyboard hangs on the first one.
USB = (*top.slot(6, "qemu-xhci,id=usb"), *top.device("usb-kbd,bus=usb.0"),
       *top.slot(7, "qemu-xhci"))
DEVICES = (*ROOT, *top.slot(3, top.GPU), *top.slot(4, top.GPU), *top.slot(5, top.NIC), *USB)


@dataclass
class Host:
    """One machine: start() turns it on; it comes up again by itself whenever it reboots.

    append: more words for the kernel command line of the next boots, as in a boot loader's
    configuration. keep: a folder for the consoles, of which each boot has its own.
    """

    name: str
    disk: Path
    version: str
    keep: Path
    append: list[str] = field(default_factory=list)
    devices: Sequence[str] = DEVICES
    port: int = field(default_factory=free_port)
    boots: int = 0
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: Optional[threading.Thread] = None
    _process: "Optional[subprocess.Popen[bytes]]" = None

    def start(self) -> None:
        """Turn it on."""
        self._thread = threading.Thread(target=self._power, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Turn it off, as by the plug."""
        self._ending.set()
        if self._process:
            self._process.kill()
        if self._thread:
            self._thread.join()

    def _power(self) -> None:
        """Boot what is on the disk, again and again."""
        while not self._ending.is_set():
            with tempfile.TemporaryDirectory(prefix="vfio-early-host.") as scratch:
                folder = Path(scratch)
                self.read(f"/boot/vmlinuz-{self.version}", folder / "vmlinuz")
                self.read(f"/boot/initrd.img-{self.version}", folder / "initrd")
                self.boots += 1
                console = self.keep / f"{self.name}-{self.boots}.txt"
                options = [option.replace("@disk@", str(self.disk))
                           .replace("@port@", str(self.port)) for option in self.devices]
                machine = qemu.Machine(
                    folder / "vmlinuz", folder / "initrd", options,
                    [f"root=UUID={disks.ROOT_UUID}", "ro", *self.append])
                with console.with_suffix(".qemu").open("wb") as said:
                    self._process = subprocess.Popen(
                        qemu.arguments(machine, console), stdin=subprocess.DEVNULL, stdout=said,
                        stderr=said)
                    started = time.monotonic()
                    self._process.wait()
                if time.monotonic() - started < 1:
                    return  # the emulator itself does not start; who waits for it says so

    def read(self, path: str, target: Path) -> None:
        """Copy a file of the disk, while the host is off."""
        subprocess.run(["/usr/sbin/debugfs", "-R", f"dump {path} {target}", str(self.disk)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not target.exists() or not target.stat().st_size:
            raise HostError(f"{self.name}: {path} is not on its disk")

    def ssh_options(self) -> list[str]:
        """Return the options with which ssh gets there."""
        return ["-i", str(key()), "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=20",
                "-o", "IdentitiesOnly=yes"]

    def run(self, command: str, stdin: bytes = b"",
            timeout: float = 580) -> "subprocess.CompletedProcess[str]":
        """Run a shell command there as root; output and error come together."""
        done = subprocess.run(
            ["ssh", "-p", str(self.port), *self.ssh_options(), "root@127.0.0.1",
             f"sh -c {shlex.quote(command)}"], input=stdin, check=False, timeout=timeout,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return subprocess.CompletedProcess(command, done.returncode,
                                           done.stdout.decode(errors="replace"))

    def put(self, source: Path, target: str) -> None:
        """Copy a file there."""
        done = self.run(f"cat >{shlex.quote(target)}", stdin=source.read_bytes())
        if done.returncode:
            raise HostError(f"{self.name}: {target} cannot be written: {done.stdout}")

    def wait(self, boot: int) -> None:
        """Wait until its boot of this number has come to the end of its start."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.boots >= boot:
                done = self.run("systemctl is-system-running --wait; cat /proc/uptime",
                                timeout=PATIENCE)
                if done.returncode == 0:
                    return
            if self._thread and not self._thread.is_alive():
                break
            time.sleep(2)
        raise HostError(f"{self.name}: boot {boot} did not come to its end: {self.keep}")

    def reboot(self) -> None:
        """Reboot as a user does, and wait until it is there again."""
        before = self.boots
        self.run("systemctl reboot")
        self.wait(before + 1)


@contextmanager
def host(name: str, suite: str, generator: str, keep: Path, small: bool = True,
         devices: Sequence[str] = DEVICES) -> Iterator[Host]:
    """Turn on a host with a new disk, and turn it off in the end."""
    original, version = disk(suite, generator, small)
    with tempfile.TemporaryDirectory(prefix="vfio-early-disk.", dir="/var/tmp") as scratch:
        own = disks.copied(original, Path(scratch, "disk"), {
            "/etc/hostname": f"{name}\n".encode(),
            "/etc/hosts": f"127.0.0.1 localhost {name}\n".encode()})
        machine = Host(name, own, version, keep, devices=devices)
        machine.start()
        try:
            machine.wait(1)
            yield machine
        finally:
            machine.stop()
