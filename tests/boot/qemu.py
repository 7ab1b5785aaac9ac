# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds one virtual machine from options, runs it to its end and returns its serial console.

    VFIO_EARLY_QEMU          the emulator (default qemu-system-x86_64)
    VFIO_EARLY_QEMU_ACCEL    the accelerator (default tcg,tb-size=256: works everywhere)
    VFIO_EARLY_QEMU_TIMEOUT  seconds a boot may take (default 240)
    VFIO_EARLY_QEMU_APPEND   words added to every kernel command line, to look closer
"""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Iterator, Optional, Sequence

import disks
import firmware
from monitor import Monitor, Steps

# Quiet, because every character costs time on an emulated serial port; the whole log is
# read in the guest, from a buffer large enough that nothing falls out of it.  On a busy host
# the kernel's check of the timer fails now and then, and it panics: hence no_timer_check.
# The kernel's own tests of its ciphers cost a second. It names a root, as boot loaders do; no
# machine has it.
BASE_APPEND = ("console=ttyS0", "quiet", "panic=-1", "log_buf_len=4M", "no_timer_check",
               "cryptomgr.notests=1", "root=/dev/vfio-test")
EXT4_DISK = "@ext4-disk@"
BLANK_DISK = "@blank-disk@"
PANIC = "Kernel panic - not syncing"
IOMMU = ("-device", "intel-iommu,intremap=on")
_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


@dataclass(frozen=True)
class Machine:
    """What is booted, and in what; without a kernel, what a firmware in `devices` finds."""

    kernel: Optional[Path]
    initrd: Path
    devices: Sequence[str] = ()
    append: Sequence[str] = ()
    iommu: bool = True
    memory: int = 1024
    smp: int = 1
    machine: str = "q35,kernel-irqchip=split"
    steps: Steps = ()
    answers: Sequence[tuple[str, str]] = ()  # what is typed once the console says what
    uefi: bool = False


@dataclass(frozen=True)
class Boot:
    """How a boot went: `ended` is poweroff, panic, timeout or error."""

    ended: str
    seconds: float
    console: str
    message: str = ""


def emulator() -> str:
    return os.environ.get("VFIO_EARLY_QEMU", "qemu-system-x86_64")


def accelerator() -> str:
    # MiB for translated code: more than a boot needs, less than takes time to be had.
    return os.environ.get("VFIO_EARLY_QEMU_ACCEL", "tcg,tb-size=256")


@functools.lru_cache
def version() -> str:
    """What the emulator says about itself, and what every boot is told."""
    said = subprocess.run([emulator(), "--version"], stdout=subprocess.PIPE, text=True, check=True)
    return " ".join([said.stdout, accelerator(), *BASE_APPEND,
                     os.environ.get("VFIO_EARLY_QEMU_APPEND", "")])


def deadline() -> float:
    return float(os.environ.get("VFIO_EARLY_QEMU_TIMEOUT", "240"))


def command_line(vm: Machine) -> str:
    extra = os.environ.get("VFIO_EARLY_QEMU_APPEND", "").split()
    return " ".join([*BASE_APPEND, *vm.append, *extra])


def _serial(vm: Machine, serial: Path) -> list[str]:
    """The serial port's output goes to a file; what is typed comes from a socket."""
    if not vm.answers:
        return ["-serial", f"file:{serial}"]
    return ["-chardev", f"socket,id=console,path={_keyboard(serial)},server=on,wait=off,"
                        f"logfile={serial}", "-serial", "chardev:console"]


def _keyboard(serial: Path) -> Path:
    """The socket; the whole path of a transcript can be too long for one."""
    name = hashlib.sha256(str(serial.absolute()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"vfio-early-{name}.sock")


def arguments(vm: Machine, serial: Path) -> list[str]:
    return [
        emulator(), "-nodefaults", "-no-user-config",
        "-accel", accelerator(), "-M", vm.machine, "-m", str(vm.memory), "-smp", str(vm.smp),
        "-display", "none", "-monitor", "none", "-vga", "none", "-nic", "none",
        "-no-reboot", *_serial(vm, serial),
        *((firmware.options() or ()) if vm.uefi else ()),
        *(IOMMU if vm.iommu else ()), *map(_with_disk, vm.devices),
        *(("-kernel", str(vm.kernel), "-initrd", str(vm.initrd), "-append", command_line(vm))
          if vm.kernel else ()),
    ]


def _with_disk(option: str) -> str:
    """Puts the path of the disk image where a topology names it."""
    for name, make in ((EXT4_DISK, disks.ext4), (BLANK_DISK, disks.blank)):
        if name in option:
            option = option.replace(name, str(make()))
    return option


def run(vm: Machine, serial: Path) -> Boot:
    """Boots `vm`, its serial console going to the file `serial`, and waits for its end."""
    serial.write_bytes(b"")
    errors = serial.with_suffix(".qemu")
    start = time.monotonic()
    with errors.open("wb") as stderr, _typist(vm, serial), \
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


@contextmanager
def _typist(vm: Machine, serial: Path) -> Iterator[None]:
    """Types each answer once its question is on the console, as long as the machine runs."""
    if not vm.answers:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_type, args=(vm.answers, serial, ended))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _keyboard(serial).unlink(missing_ok=True)


def _type(answers: Sequence[tuple[str, str]], serial: Path, ended: threading.Event) -> None:
    at = 0
    for question, answer in answers:
        while (found := serial.read_bytes().find(question.encode(), at)) < 0:
            if ended.wait(0.5):
                return
        at = found + len(question)
        # Connected only to type: the output of a machine waits for a reader it has.
        with socket.socket(socket.AF_UNIX) as keyboard:
            keyboard.connect(str(_keyboard(serial)))
            keyboard.sendall(f"{answer}\n".encode())
            ended.wait(1)


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
