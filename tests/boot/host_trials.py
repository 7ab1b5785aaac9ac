# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices that are bound and given back in a system that has booted, by the host's program.

The system is that of the boots to the login prompt, with the programs and guest/now put onto a
copy of its disk.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

import disks
import generators
import hang
import kernels
import qemu
import roots
import topologies as top
import trials
import verdict as verdicts
from cells import STABLE
from images import ImageSpec
from trials import Trial

GENERATOR = "initramfs-tools"
ROOT_DISK = "@root-disk@"
LINE = re.compile(r"@now (.*?)\r?$", re.MULTILINE)
NIC, HOST_DISK = top.address(5), top.address(1)
HANG = (hang.NAME, hang.NAME)
VFIO, NATIVE = ("vfio-pci", "vfio-pci"), ("e1000e", "(null)")
REFUSED = rf"^vfio-early: {NIC} .*refused, "


@dataclass
class Step:
    """What a step told; states by function are its driver and its driver_override."""

    status: int = -1
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    states: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """What has to come of a step: its status, who has the NIC then, and what it says."""

    label: str
    status: int
    nic: tuple[str, str]
    out: Sequence[str] = ()
    err: Sequence[str] = ()


STEPS = (
    Expected("dry", 0, NATIVE, [rf"^{NIC} .*would be bound to vfio-pci, taken from e1000e"]),
    Expected("bind", 0, VFIO, [rf"^{NIC} .*bound to vfio-pci, taken from e1000e"]),
    Expected("again", 0, VFIO, [rf"^{NIC} .*already bound to vfio-pci"]),
    Expected("in-use", 1, VFIO,
             err=[rf"^vfio-early: {NIC} .*refused: process \d+ \(sleep\) has /dev/vfio/\d+ open"]),
    # Its module was taken out before, and is loaded again.
    Expected("release", 0, NATIVE, [rf"^{NIC} .*given back to e1000e"]),
    Expected("released", 0, NATIVE, [rf"^{NIC} .*the host's already: e1000e"]),
    Expected("root-disk", 1, NATIVE,
             err=[rf"^vfio-early: {HOST_DISK} .*refused, root-disk: carries / "]),
    Expected("two", 1, VFIO, [rf"^{NIC} .*bound to vfio-pci"], [rf"{HOST_DISK} .*root-disk"]),
    Expected("two-back", 0, NATIVE, [rf"^{NIC} .*given back to e1000e",
                                     rf"^{HOST_DISK} .*the host's already: ahci"]),
    Expected("kept", 1, NATIVE, err=[rf"^vfio-early: {NIC} .*kept for the host"]),
    Expected("up", 1, NATIVE, err=[REFUSED + "bound: .*network interface .* is up"]),
    Expected("session", 1, NATIVE, err=[REFUSED + "network: carries the session that runs this"]),
    Expected("session-add", 1, NATIVE, err=["refused, network: carries the session that runs",
                                            "^vfio-early: nothing was changed"]),
    Expected("allowed", 0, VFIO, [rf"^{NIC} .*bound to vfio-pci, taken from e1000e"]),
    Expected("rescan", 0, NATIVE, [rf"^{NIC} .*given back to e1000e"]),
    Expected("add", 0, NATIVE, [r"^\+path=00:05\.0/00\.0 id=8086:10d3"]),
    Expected("rescan-listed", 1, NATIVE,
             err=[rf"^vfio-early: /etc/vfio-early.conf:2: takes {NIC} as soon as"]),
    Expected("read-only", 1, NATIVE, err=["^vfio-early: /etc/vfio-early.conf: Read-only file"]),
    Expected("full", 1, NATIVE, err=["^vfio-early: /etc/vfio-early.conf: No space left"]),
    Expected("remove", 0, NATIVE, [r"^-path=00:05\.0/00\.0 id=8086:10d3"]),
    Expected("unprivileged", 1, NATIVE, err=["^vfio-early: bind needs root"]),
    Expected("before-hang", 0, HANG, [rf"^{NIC} .*bound to vfio-hang, taken from e1000e"]),
)
HUNG = (rf"^vfio-early: unbinding {NIC} from vfio-hang did not return",
        # The next child does not touch it again.
        rf"^vfio-early: {NIC} .*failed: it is left alone: the kernel call on it never returned")
SECONDS_MAX = 15  # the deadline is 10
# What is said of it then, where its override can be read, and where not.
ASKED = {"ask-bind": ("would be bound to vfio-pci", 0), "ask-plan": ("would be bound to vfio-pci", 0),
         "ask-release": ("its host driver would be asked for it", 0)}
LOCKED = "the kernel call on it never returned"


def read(console: str) -> tuple[dict[str, Step], dict[str, list[str]]]:
    """Return the steps, and other lines by their tags."""
    steps: dict[str, Step] = {}
    other: dict[str, list[str]] = {}
    for line in LINE.findall(console):
        tag, _, rest = line.partition(" ")
        if tag not in ("state", "status", "out", "err"):
            other.setdefault(tag, []).append(rest)
            continue
        label, _, text = rest.partition(" ")
        step = steps.setdefault(label, Step())
        if tag == "status":
            step.status = int(text)
        elif tag == "state":
            address, driver, override = text.split()
            step.states[address] = (driver, override)
        else:
            getattr(step, tag).append(text)
    return steps, other


def judge(steps: dict[str, Step], other: dict[str, list[str]]) -> list[str]:
    """Return what is not as it should be."""
    if "end" not in other:
        return ["the guest did not come to its end"]
    start = steps["start"].states
    wrong = [] if start.get(NIC) == NATIVE else [f"{NIC} began as {start.get(NIC)}"]
    for expected in STEPS:
        step = steps.get(expected.label, Step())
        if step.status != expected.status:
            wrong.append(f"{expected.label}: status {step.status}: {' '.join(step.err)}")
        # Nobody but the NIC is ever another's.
        changed = {a: s for a, s in step.states.items()
                   if s != (expected.nic if a == NIC else start.get(a))}
        if changed or step.states.keys() != start.keys():
            wrong.append(f"{expected.label}: {changed or 'not all functions are there'}")
        for name in ("out", "err"):
            lines = getattr(step, name)
            wrong += [f"{expected.label}: {name} lacks /{pattern}/: {lines}"
                      for pattern in getattr(expected, name)
                      if not any(re.search(pattern, line) for line in lines)]
    # There is no pci.ids in the guest: the comment is the class.
    added = ["# mine", "path=00:05.0/00.0 id=8086:10d3  # ethernet"]
    for when, config in (("added", added), ("read-only", added), ("full", added),
                         ("removed", added[:1])):
        if other.get(f"config-{when}") != config:
            wrong.append(f"{when}, the config was {other.get(f'config-{when}')}")
    last = steps.get("hang", Step())
    if last.status != 1 or any(not re.search(p, "\n".join(last.err), re.MULTILINE) for p in HUNG):
        wrong.append(f"hang: status {last.status}: {last.err}")
    if not 1 <= int(other.get("seconds", ["-1"])[0]) <= SECONDS_MAX:
        wrong.append(f"hang: after {other.get('seconds')} s")
    for label, (words, status) in ASKED.items():
        asked = steps.get(label, Step())
        if "locked" in other:
            words, status = LOCKED, int(label != "ask-plan")
        if asked.status != status or not any(f"{NIC} " in line and words in line
                                             for line in asked.out):
            wrong.append(f"{label}: status {asked.status}: {asked.out}")
    wrong += verdicts.wrong_foretold(verdicts.foreseen_in("\n".join(other["foreseen"])),
                                     [line.partition("vfio-early: ")[2] for line in
                                      other.get("boot", [])], {})
    bound = [line for line in other.get("log", []) if f"{NIC} " in line and "bound to" in line]
    return wrong if len(bound) >= 3 else [*wrong, f"the kernel's log has {len(bound)} binds"]


def now(suite: str, binary: Path, transcript: Path) -> list[str]:
    """Boot the system, and read what the steps told."""
    image = generators.build_image(ImageSpec(suite=suite, binary=None, adapter=False, whole=True,
                                             generator=GENERATOR))
    assert image.initrd is not None and image.disk is not None
    with tempfile.TemporaryDirectory(prefix="vfio-early-now.") as scratch:
        module = hang.built(suite, kernels.of_root(roots.root(suite))) / "vfio_hang.ko"
        disk = disks.copied(image.disk, Path(scratch, "disk"), {
            path: (0o755, source.read_bytes()) for path, source in (
                ("/usr/lib/vfio-early/vfio-early-boot", binary),
                ("/usr/bin/vfio-early", binary.with_name("vfio-early")),
                (f"/usr/lib/modules/{image.version}/updates/vfio_hang.ko", module),
                ("/usr/lib/vfio-test/at-login", trials.GUEST / "now"))})
        options = [option.replace(ROOT_DISK, str(disk)) for option in top.WHOLE.options]
        result = qemu.run(qemu.Machine(image.kernel, image.initrd, options,
                                       [*image.append, *top.WHOLE.append]), transcript)
    if result.ended != "poweroff":
        return [f"the boot ended with {result.ended}: {result.message[-300:]}"]
    return judge(*read(result.console))


ALL = (Trial("now", now, GENERATOR, STABLE, disks.obstacle, foresees=True),)
