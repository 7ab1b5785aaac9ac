# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds one virtual machine from options, runs it to its end and returns its serial console.

    VFIO_EARLY_QEMU          the emulator (default qemu-system-x86_64)
    VFIO_EARLY_QEMU_ACCEL    the accelerator (default tcg: works everywhere)
    VFIO_EARLY_QEMU_TIMEOUT  seconds a boot may take (default 240)
    VFIO_EARLY_QEMU_APPEND   words added to every kernel command line, to look closer
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Sequence

import disks
from monitor import Monitor, Steps

# Quiet, because every character costs time on an emulated serial port; the whole log is
# read in the guest, from a buffer large enough that nothing falls out of it.  On a busy host
# the kernel's check of the timer fails now and then, and it panics: hence no_timer_check.
BASE_APPEND = ("console=ttyS0", "quiet", "panic=-1", "log_buf_len=4M", "no_timer_check")
EXT4_DISK = "@ext4-disk@"
PANIC = "Kernel panic - not syncing"
IOMMU = ("-device", "intel-iommu,intremap=on")
_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


@dataclass(frozen=True)
class Machine:
    """What is booted, and in what."""

    kernel: Path
    initrd: Path
    devices: Sequence[str] = ()
    append: Sequence[str] = ()
    iommu: bool = True
    memory: int = 1024
    smp: int = 1
    machine: str = "q35,kernel-irqchip=split"
    steps: Steps = ()


@dataclass(frozen=True)
class Boot:
    """How a boot went: `ended` is poweroff, panic, timeout or error."""

    ended: str
    seconds: float
    console: str
    message: str = ""


def emulator() -> str:
    return os.environ.get("VFIO_EARLY_QEMU", "qemu-system-x86_64")


def deadline() -> float:
    return float(os.environ.get("VFIO_EARLY_QEMU_TIMEOUT", "240"))


def command_line(vm: Machine) -> str:
    extra = os.environ.get("VFIO_EARLY_QEMU_APPEND", "").split()
    return " ".join([*BASE_APPEND, *vm.append, *extra])


def arguments(vm: Machine, serial: Path) -> list[str]:
    accel = os.environ.get("VFIO_EARLY_QEMU_ACCEL", "tcg")
    return [
        emulator(), "-nodefaults", "-no-user-config",
        "-accel", accel, "-M", vm.machine, "-m", str(vm.memory), "-smp", str(vm.smp),
        "-display", "none", "-monitor", "none", "-vga", "none", "-nic", "none",
        "-no-reboot", "-serial", f"file:{serial}",
        *(IOMMU if vm.iommu else ()), *map(_with_disk, vm.devices),
        "-kernel", str(vm.kernel), "-initrd", str(vm.initrd), "-append", command_line(vm),
    ]


def _with_disk(option: str) -> str:
    """Puts the path of the disk image where a topology names it."""
    return option.replace(EXT4_DISK, str(disks.ext4())) if EXT4_DISK in option else option


def run(vm: Machine, serial: Path) -> Boot:
    """Boots `vm`, its serial console going to the file `serial`, and waits for its end."""
    serial.write_bytes(b"")
    errors = serial.with_suffix(".qemu")
    start = time.monotonic()
    with errors.open("wb") as stderr, \
            tempfile.TemporaryDirectory(prefix="vfio-early-qemu.") as folder:
        command, problem = arguments(vm, serial), None
        if vm.steps:
            monitor = Monitor(Path(folder) / "monitor", serial, vm.steps)
            monitor.start()
            command += ["-qmp", f"unix:{folder}/monitor,server=on,wait=off"]
        ended, status = _wait(command, stderr)
        if vm.steps:
            monitor.stop()
            problem = monitor.error
    seconds = time.monotonic() - start
    console = serial.read_bytes().decode("utf-8", "surrogateescape")
    message = errors.read_text("utf-8", "replace").strip()
    if ended == "exit":
        ended = "poweroff" if status == 0 else "error"
    if PANIC in console:
        ended = "panic"
    if problem:
        ended, message = "error", f"{message}\n{problem}"
    return Boot(ended, seconds, console, message)


def stop_all() -> None:
    """Ends every emulator that runs: none outlives an interrupted run."""
    with _lock:
        for process in _running:
            process.kill()


def _wait(command: list[str], stderr: IO[bytes]) -> tuple[str, int]:
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr,
                          stderr=stderr) as process:
        with _lock:
            _running.add(process)
        try:
            return "exit", process.wait(deadline())
        except subprocess.TimeoutExpired:
            return "timeout", -1
        finally:
            process.kill()
            with _lock:
                _running.discard(process)
