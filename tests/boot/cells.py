# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of boot tests: what is booted, and what has to come out of it.

Of every boot is asserted, without a cell saying so: each function that `taken` does not name
is on the driver it has when vfio-early is off, and has no driver_override; each that it names
has that override and, with vfio-pci, a /dev/vfio node; the log and the report agree with what
the kernel did; no warning of the kernel.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace
from typing import Callable, Mapping, Optional, Sequence, Union

import topologies as top
from disks import ROOT_UUID
from images import TEST_MODULES
from overlay import Contents
from topologies import Topology, address
from variant import DRIVER as VARIANT
from verdict import Verdict

BOOKWORM, TRIXIE, SID = "bookworm", "trixie", "sid"
STABLE = (BOOKWORM, TRIXIE)
EVERY = (BOOKWORM, TRIXIE, SID)

# What a config can be instead of bytes.
DIRECTORY, DANGLING, UNREADABLE, MASKED = "directory", "dangling", "unreadable", "masked"
FIFO, LOOP = "fifo", "loop"

CONFIG_FILE = "/etc/vfio-early.conf"
# What an image has before the configuration of a cell is put over it. It takes nothing.
REPLACED = b"# Replaced at each boot.\n"
VFIO = "vfio-pci"
VFIO_MODULES = ("vfio-pci", "vfio-pci-core", "vfio", "vfio_iommu_type1")
Kernel = Union[str, tuple[str, str]]
Check = Callable[[Verdict], list[str]]


@dataclass(frozen=True)
class Cell:
    """One boot and its expectations.

    taken      address -> driver it must be on; all others as in the baseline
    late       those of them that the boot run did not see
    log        each pattern is found in a line of our log
    absent     none of these patterns is
    summary    whether there is a closing line (and a report) whose count is right
    scripts    guest scripts that run in init-top before vfio-early
    conf       lines for the configuration file of the generator
    hang       whether the image has the module vfio-hang
    variant    whether there is the driver of variant.py
    answers    what is typed on the console, each after what it says first
    machine    the machine that the generator runs on, where that matters
    whole      whether to go on to a root file system, up to its login prompt
    unread     functions of which nothing may be read, because that would hang
    warnings   our lines in the build's output, and no others; None: they are not looked at
    natives    whether the image surely has the native drivers, and tools that can load them
    overlay    files put over the image after it was built
    foresees_here  whether the guest is asked what check foresees; else somebody else was
    foretold   what check foresees of the devices of which this boot makes something else
    fault      why it does, in a phrase
    over       whether the configuration is put over an image that was built with another one
    """

    name: str
    topology: Topology
    config: Union[None, bytes, str] = None
    taken: Mapping[str, Optional[str]] = field(default_factory=dict)
    log: Sequence[str] = ()
    absent: Sequence[str] = ()
    append: Sequence[str] = ()
    suites: Sequence[str] = STABLE
    summary: bool = True
    scripts: Sequence[str] = ()
    config_mode: int = 0o644
    dropins: Mapping[str, Optional[bytes]] = field(default_factory=dict)
    vendor_dropins: Mapping[str, Optional[bytes]] = field(default_factory=dict)
    modprobe_d: Mapping[str, bytes] = field(default_factory=dict)
    kernel: Kernel = "distribution"
    module_format: Optional[str] = None
    modules: str = "list"
    natives: bool = True
    test_modules: Sequence[str] = TEST_MODULES
    without_modules: Sequence[str] = ()
    check: Optional[Check] = None
    quick: bool = False
    generator: str = "initramfs-tools"
    conf: str = ""
    hang: bool = False
    variant: bool = False
    machine: Optional[Topology] = None
    answers: Sequence[tuple[str, str]] = ()
    whole: bool = False
    unread: Sequence[str] = ()
    warnings: Optional[Sequence[str]] = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    late: Sequence[str] = ()
    overlay: Mapping[str, Contents] = field(default_factory=dict)
    foresees_here: bool = True
    foretold: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    over: bool = False

    def put_over(self) -> dict[str, Contents]:
        """Return all files that are put over the image."""
        return {**self.overlay, **(self.configuration() if self.over else {})}

    def configuration(self) -> dict[str, Contents]:
        """Return the files of the configuration, as the host has them."""
        if not isinstance(self.config, bytes):
            return {}
        return {CONFIG_FILE: (self.config_mode, self.config),
                **{f"{CONFIG_FILE}.d/{name}": data
                   for name, data in self.dropins.items() if data is not None}}


def on(*addresses: str, driver: str = VFIO) -> dict[str, Optional[str]]:
    return {a: driver for a in addresses}


def bound(what: str) -> str:
    return rf"^{what} .*bound to vfio-pci"


def refused(what: str, guard: str) -> str:
    return rf"^{what} .*refused, {guard}\b"


# Checks that look at more than drivers and log lines.

def parameter(name: str, wanted: str) -> Check:
    def check(verdict: Verdict) -> list[str]:
        value = verdict.parameters.get(name)
        return [] if value == wanted else [f"{name} is {value}, not {wanted}"]
    return check


def kernel_says(text: str, wanted: bool = True) -> Check:
    def check(verdict: Verdict) -> list[str]:
        if any(record.text.startswith(text) for record in verdict.dmesg) == wanted:
            return []
        return [f"dmesg {'lacks' if wanted else 'has'} a line: {text}"]
    return check


def native_first(*modules: str) -> Check:
    """The drivers were really there before us, or the cell would show nothing."""
    def check(verdict: Verdict) -> list[str]:
        texts = [record.text for record in verdict.dmesg]
        ours = next((i for i, t in enumerate(texts) if t.startswith("vfio-early:")), len(texts))
        return [f"{m} was not loaded before us" for m in modules
                if f"vfio-test: loaded {m}" not in texts[:ours]]
    return check


def loaded(*modules: str) -> Check:
    """The native drivers were there, although no device is left to them: or nothing is shown."""
    def check(verdict: Verdict) -> list[str]:
        return [f"{m} is not loaded" for m in modules if m not in verdict.modules]
    return check


def has_nodes(*addresses: str) -> Check:
    """A virtual machine could open the groups of these, whatever their driver is called."""
    def check(verdict: Verdict) -> list[str]:
        return [f"{a}: no node of its group" for a in addresses
                if f"/dev/vfio/{verdict.functions[a].group}" not in verdict.nodes]
    return check


def all_of(*checks: Check) -> Check:
    return lambda verdict: [text for check in checks for text in check(verdict)]


def every_line_there(verdict: Verdict) -> list[str]:
    lines = [line for line in verdict.log if "bound to vfio-pci" in line]
    lost = [a for a in MANY_TAKEN if not any(line.startswith(a) for line in lines)]
    return [f"{len(lost)} of {len(MANY_TAKEN)} log lines are lost: {lost[0]}"] if lost else []


def second_run(name: str) -> Check:
    """A run by hand changed nothing, printed nothing and ended with status 0."""
    def check(verdict: Verdict) -> list[str]:
        wrong = []
        if verdict.status.get(name) != 0:
            wrong.append(f"status of the {name} run: {verdict.status.get(name)}")
        if verdict.before != verdict.functions:
            wrong.append(f"the {name} run changed something")
        if verdict.output:
            wrong.append(f"the {name} run printed: {verdict.output[0]}")
        return wrong
    return check


def bare_status(verdict: Verdict) -> list[str]:
    status = verdict.report.get("bare-status")
    return [] if status == ["0"] else [f"status of the bare run: {status}"]


def faults_survived(verdict: Verdict) -> list[str]:
    """What guest/0-faults wrote: only where something is missing for it, nothing is taken."""
    expected = [f"{fault} 0 in-time {state}" for fault, state in (
        ("no-sys", "- (null)"), ("no-proc", "- (null)"), ("read-only-sys", "- (null)"),
        *((fault, "vfio-pci vfio-pci") for fault in ("full-run", "read-only-run", "no-dev")))]
    told = verdict.report.get("faults", [])
    return [] if told == expected else [f"under faults: {told}"]


def kernel_release(prefix: str) -> Check:
    def check(verdict: Verdict) -> list[str]:
        right = verdict.kernel.startswith(prefix)
        return [] if right else [f"the kernel is {verdict.kernel}, not {prefix}"]
    return check


GPU1, GPU2 = address(1), address(2)
AUDIO = address(1, 0, 1)
BEHIND_BRIDGE = (address(2, 1), address(2, 2))
NIC, XHCI, SATA, NVME, GPU = (address(bus) for bus in range(1, 6))
MANY_TAKEN = [a for a, driver in top.MANY.native.items() if driver is None]

def in_one(suite: str, *table: Cell) -> tuple[Cell, ...]:
    """What has nothing to do with the suite; what is in every generator is in scenarios.py."""
    return tuple(replace(cell, suites=[suite]) if cell.suites is STABLE else cell
                 for cell in table)



def over(*table: Cell) -> tuple[Cell, ...]:
    """What is about the rules and not about building: one image for all that differ in rules.

    Not where a rule has a module brought into the image, and not where a drop-in is a link.
    """
    return tuple(replace(cell, over=isinstance(cell.config, bytes) and b"driver=" not in cell.config
                         and None not in cell.dropins.values() and not cell.vendor_dropins)
                 for cell in table)


SELECTION = in_one(
    TRIXIE,
    Cell("twin-address", top.TWIN_GPUS, b"01:00.0\n", on(GPU1), [bound(GPU1)], suites=[BOOKWORM],
         quick=True),
    Cell("twin-address-second", top.TWIN_GPUS, b"0000:02:00.0 id=1234:1111\n", on(GPU2),
         [bound(GPU2)]),
    Cell("twin-id-both", top.TWIN_GPUS, b"id=1234:1111 allow=last-display\n", on(GPU1, GPU2),
         [bound(GPU1), bound(GPU2)], suites=EVERY),
    Cell("twin-id-wildcard", top.TWIN_GPUS, b"id=1234:* allow=last-display\n", on(GPU1, GPU2)),
    Cell("twin-path", top.TWIN_GPUS, b"path=00:02.0/00.0 id=1234:1111\n", on(GPU2)),
    Cell("twin-group-number", top.TWIN_GPUS, b"group=4 id=1234:1111\n", on(GPU1)),
    Cell("twin-keep", top.TWIN_GPUS, b"id=1234:1111\nkeep 02:00.0\n", on(GPU1)),
    Cell("vga-address", top.VGA, b"01:00.0\n", on(GPU1), suites=EVERY),
    Cell("vga-other", top.VGA, b"02:00.0\n", on(GPU2)),
    Cell("slot-with", top.GPU_AUDIO, b"01:00.0 with=slot\n", on(GPU1, AUDIO),
         suites=[BOOKWORM, SID]),
    Cell("slot-star", top.GPU_AUDIO, b"01:00.*\n", on(GPU1, AUDIO)),
    Cell("slot-one-function", top.GPU_AUDIO, b"01:00.1\n", on(AUDIO)),
    Cell("slot-keep-audio", top.GPU_AUDIO, b"01:00.*\nkeep 01:00.1\n", on(GPU1)),
    Cell("group-of-address", top.GROUP_BRIDGE, b"group=02:01.0 allow=last-display\n",
         on(*BEHIND_BRIDGE), suites=[BOOKWORM, SID]),
    Cell("group-with", top.GROUP_BRIDGE, b"02:02.0 with=group allow=last-display\n",
         on(*BEHIND_BRIDGE)),
    Cell("group-one-member", top.GROUP_BRIDGE, b"02:02.0 allow=last-display\n",
         on(BEHIND_BRIDGE[1])),
    Cell("switch-path", top.SWITCH, b"path=00:01.0/00.0/01.0/00.0\n", on(address(4))),
    Cell("switch-group", top.SWITCH, b"group=03:00.0\n", on(address(3))),
    Cell("dropin", top.TWIN_GPUS, b"", on(GPU2), dropins={"10-second.conf": b"02:00.0\n"}),
    Cell("dropin-alone", top.TWIN_GPUS, None, on(GPU2),
         dropins={"10-second.conf": b"02:00.0\n"}),
    Cell("dropin-masked", top.TWIN_GPUS, None, on(GPU2), dropins={"10-first.conf": None},
         vendor_dropins={"10-first.conf": b"01:00.0\n", "20-second.conf": b"02:00.0\n"}),
    Cell("no-match", top.TWIN_GPUS, b"07:00.0\nid=dead:beef\n", log=[r"2 unmatched rules"]),
)

GUARDS = (
    Cell("identity-mismatch", top.TWIN_GPUS, b"01:00.0 id=10de:2206\n",
         log=[refused(GPU1, "identity")], suites=[TRIXIE]),
    Cell("identity-mismatch-path", top.TWIN_GPUS, b"path=00:01.0/00.0 id=10de:2206\n02:00.0\n",
         on(GPU2), [refused(GPU1, "identity")]),
    Cell("no-iommu", top.NO_IOMMU, b"01:00.0\n", log=[refused(GPU1, "no-iommu")], quick=True),
    Cell("iommu-off", top.TWIN_GPUS, b"01:00.0\n",
         log=[refused(GPU1, "no-iommu") + ".*; intel_iommu=off on the kernel command line "
              "switches it off: take that out; "],
         absent=["intel_iommu=on"], append=["intel_iommu=off"]),
    # vfio-pci refuses a device without a group: it has to come back to its own driver.
    Cell("no-iommu-allowed", top.NO_IOMMU, b"01:00.0 allow=no-iommu\n",
         log=[rf"^{GPU1} .*failed"]),
    Cell("no-iommu-stub", top.NO_IOMMU, b"01:00.0 allow=no-iommu driver=pci-stub\n",
         on(GPU1, driver="pci-stub")),
    Cell("bridge", top.GROUP_BRIDGE, b"00:01.0\n00:1f.0\n00:1f.3\n01:00.0\n",
         log=[refused(a, "bridge") for a in
              ("0000:00:01.0", "0000:00:1f.0", "0000:00:1f.3", address(1))]),
    # The one that may be taken if it is said; the others of that rule may not.
    Cell("bridge-allowed", top.GROUP_BRIDGE,
         b"00:1f.3 allow=bridge\n00:1f.0 allow=bridge\n01:00.0 allow=bridge\n",
         on("0000:00:1f.3"),
         [bound("0000:00:1f.3"), refused("0000:00:1f.0", "bridge"), refused(address(1), "bridge")],
         suites=[TRIXIE]),
)

def unusable(kind: str, words: str) -> Cell:
    """What a config in an image can be that no generator would put there (guest/0-config)."""
    return Cell(f"config-unusable-{kind}", top.TWIN_GPUS, b"01:00.0\n",
                log=[rf"^/etc/vfio-early\.conf: {words}", r"nothing is touched"],
                append=[f"vfio_test.config={kind}"], scripts=["0-config"],
                check=kernel_says(f"vfio-test: the config is {kind}"))


def read_as(name: str, config: bytes, taken: Sequence[str], log: Sequence[str] = ()) -> Cell:
    """Bytes of a config, put over an image."""
    return Cell(f"config-{name}", top.TWIN_GPUS, b"01:00.0\n", on(*taken),
                [*log, *(bound(a) for a in taken)],
                overlay={"/etc/vfio-early.conf": config})


CONFIG = in_one(
    BOOKWORM,
    unusable("directory", "is a directory"),
    unusable("fifo", "is no regular file"),
    unusable("loop", "is a loop of symbolic links"),
    unusable("gigabyte", "larger than 65536 bytes"),
    unusable("dangling", 'links to "nowhere", which is not there'),
    read_as("nul", b"01:00.0\0\n02:00.0\n", [GPU2], [r"vfio-early\.conf:1:8: .*NUL"]),
    read_as("not-utf8", b"01:00.0 # \xe4\n02:00.0\xff\n", [GPU1], [r"vfio-early\.conf:2:\d+: "]),
    read_as("bom-crlf", b"\xef\xbb\xbf02:00.0\r\n# and so on\r\n", [GPU2]),
    Cell("config-fifo", top.TWIN_GPUS, FIFO, log=[r"nothing is touched"]),
    Cell("config-loop", top.TWIN_GPUS, LOOP, log=[r"nothing is touched"]),
    Cell("config-none", top.TWIN_GPUS, None),
    Cell("config-directory", top.TWIN_GPUS, DIRECTORY),
    Cell("config-dangling", top.TWIN_GPUS, DANGLING),
    Cell("config-unreadable", top.TWIN_GPUS, UNREADABLE),
    Cell("config-writable", top.TWIN_GPUS, b"01:00.0\n", config_mode=0o664,
         log=[r"^/etc/vfio-early\.conf: .*unusable-when-this-image-was-made",
              r"nothing is touched"]),
    # A drop-in may hold the keep line: without it the others are not followed either.
    Cell("dropin-directory", top.TWIN_GPUS, b"01:00.0\n", log=[r"nothing is touched"],
         files={"/etc/vfio-early.conf.d/10-a.conf/x": b""}),
    Cell("config-masked", top.TWIN_GPUS, MASKED),
    Cell("config-empty", top.TWIN_GPUS, b""),
    Cell("config-garbage", top.TWIN_GPUS, random.Random(1).randbytes(4096),
         log=[r"vfio-early\.conf"]),
    Cell("config-huge", top.TWIN_GPUS, b"01:00.0\n" * 131072,
         log=[r"vfio-early\.conf"]),
    Cell("config-long-line", top.TWIN_GPUS, b"02:00.0 " + b"x" * 16384 + b"\n01:00.0\n",
         on(GPU1), [r"vfio-early\.conf:1\b"]),
    Cell("config-bad-line", top.TWIN_GPUS, b"01:00.0\n02:00.0 colour=red\n\xff\xfe\n", on(GPU1),
         [r"vfio-early\.conf:2:\d+\b", r"vfio-early\.conf:3\b"]),
)

COMMAND_LINE = in_one(
    TRIXIE,
    Cell("dry-run", top.TWIN_GPUS, b"01:00.0\n", append=["vfio_early=dry-run"], summary=False,
         log=[rf"^{GPU1} .*vfio-pci"], absent=[rf"^{GPU1} .*: bound to vfio-pci"]),
    Cell("take-alone", top.TWIN_GPUS, None, on(GPU1), append=["vfio_early.take=01:00.0"]),
    Cell("take-dashes", top.TWIN_GPUS, None, on(GPU1, GPU2),
         append=["vfio-early.take=01:00.0,id=1234:1111,allow=last-display",
                 "vfio-early.take=02:00.0,allow=last-display"]),
    Cell("take-adds", top.TWIN_GPUS, b"01:00.0 allow=last-display\n", on(GPU1, GPU2),
         append=["vfio_early.take=02:00.0,allow=last-display"]),
    Cell("keep-wins", top.TWIN_GPUS, b"id=1234:1111\n", on(GPU1),
         append=["vfio_early.keep=02:00.0"]),
)

def held(unbind: str) -> bytes:
    option = f" unbind={unbind}" if unbind else ""
    devices = (NIC, XHCI, f"{GPU} allow=last-display")
    return "".join(f"{a[5:]}{option}\n" for a in devices).encode()


MODULES = in_one(
    TRIXIE,
    # As the distribution builds it, with MODULES=most of initramfs.conf(5).
    Cell("modules-most", top.TWIN_GPUS, b"01:00.0\n", on(GPU1), modules="most",
         suites=[TRIXIE]),
    # Only what the machine needs, and no module because a test wants it.
    Cell("modules-dep", top.TWIN_GPUS, b"01:00.0\n", on(GPU1), modules="dep", suites=EVERY,
         machine=top.TWIN_GPUS, test_modules=(), natives=False),
    # A shell before init-top, for which the keyboard's drivers are loaded, that of USB among
    # them: the controller is taken from it. panic= lets a shell be.
    Cell("break-top", top.MACHINE, held(""), on(NIC, XHCI, GPU),
         [bound(a) for a in (NIC, XHCI, GPU)], append=["break=top", "panic="],
         answers=[("(initramfs) ", "exit")], suites=EVERY,
         check=kernel_says(f"xhci_hcd {XHCI}: xHCI Host Controller")),
    # Given back: a device whose override nobody serves is lost to the host as well.
    Cell("module-blacklist", top.TWIN_GPUS, b"01:00.0\n", log=[rf"^{GPU1} .*failed"],
         append=["module_blacklist=vfio_pci"], suites=EVERY),
    Cell("modprobe-blacklist", top.TWIN_GPUS, b"01:00.0\n", log=[rf"^{GPU1} .*failed"],
         append=["modprobe.blacklist=vfio_pci"]),
    Cell("modprobe-blacklist-hyphen", top.TWIN_GPUS, b"01:00.0\n",
         log=[rf"^{GPU1} .*failed"], append=["modprobe.blacklist=vfio-pci"]),
    Cell("modprobe-blacklist-file", top.TWIN_GPUS, b"01:00.0\n", log=[rf"^{GPU1} .*failed"],
         modprobe_d={"vfio-test.conf": b"blacklist vfio-pci\n"}),
    Cell("modules-missing", top.TWIN_GPUS, b"01:00.0\n", log=[refused(GPU1, "driver")],
         without_modules=VFIO_MODULES),
    Cell("driver-pci-stub", top.TWIN_GPUS, b"01:00.0 driver=pci-stub\n",
         on(GPU1, driver="pci-stub"), [rf"^{GPU1} .*bound to pci-stub"]),
    # Nothing is written: a name that is in driver_override keeps every driver away.
    Cell("driver-unknown", top.TWIN_GPUS, b"01:00.0 driver=no-such-driver\n02:00.0\n", on(GPU2),
         [refused(GPU1, "driver") + ": there is no driver no-such-driver here"],
         absent=["failed:"], suites=EVERY),
    # A module of that name, which has a driver of another name: known before anything is
    # written, or once the module is there, or only afterwards.
    Cell("driver-misspelt", top.TWIN_GPUS, b"01:00.0 driver=vfio_pci\n02:00.0\n", on(GPU2),
         [refused(GPU1, "driver") + ": no driver is called vfio_pci.* write driver=vfio-pci"],
         absent=["failed:"]),
    Cell("driver-of-loaded-module", top.MACHINE, b"02:00.0 driver=xhci-pci allow=keyboard\n",
         log=[refused(XHCI, "driver") + ".* write driver=xhci_hcd"], absent=["failed:"],
         append=["vfio_test.native=xhci_pci"], scripts=["0-native"],
         check=native_first("xhci_pci")),
    Cell("driver-of-module", top.MACHINE, b"02:00.0 driver=xhci_pci allow=keyboard\n",
         log=[rf"^{XHCI} .*failed.*no PCI driver has that name.*given back to xhci_hcd"],
         # Once the module is loaded, its driver's name is known.
         foretold={XHCI: "refused, driver"}, fault="its module is loaded for the first time"),
    # Named with - in its file and with _ as a driver; its native one is built into the kernel.
    Cell("driver-variant", top.VIRTIO, f"01:00.0 id=1af4:* driver={VARIANT} allow=network\n"
         f"02:00.0 driver={VARIANT}\n03:00.0\n".encode(),
         {GPU1: VARIANT, GPU2: VARIANT, address(3): VFIO},
         [rf"^{GPU1} .*bound to {VARIANT}, taken from virtio-pci", rf"^{GPU2} .*bound to {VARIANT}",
          bound(address(3))], variant=True, check=has_nodes(GPU1, GPU2, address(3))),
    # Not executed either, but understood as what it is used for: a ban.
    Cell("install-false", top.TWIN_GPUS, b"01:00.0\n", log=[rf"^{GPU1} .*failed.*install"],
         modprobe_d={"vfio-test.conf": b"install vfio-pci /bin/false\n"}),
    Cell("install-command", top.TWIN_GPUS, b"01:00.0\n", on(GPU1), [r"install"],
         modprobe_d={"vfio-test.conf": b'install vfio-pci /bin/sh -c "echo '
                                       b'vfio-test: install line ran >/dev/kmsg"\n'},
         check=kernel_says("vfio-test: install line ran", False)),
    Cell("options", top.TWIN_GPUS, b"01:00.0\n", on(GPU1),
         modprobe_d={"vfio-test.conf": b"options vfio-pci disable_idle_d3=1\n"},
         check=parameter("vfio_pci.disable_idle_d3", "Y")),
)

FORMATS = tuple(
    cell
    for form in ("ko", "gz", "xz", "zst")
    for cell in (
        Cell(f"format-{form}", top.TWIN_GPUS, b"01:00.0\n", on(GPU1), suites=[TRIXIE],
             module_format=form, check=kernel_release("6.12.")),
        # A kernel that decompresses nothing, imaged by tools that leave modules compressed.
        # Their udev itself cannot read .ko.xz there; vfio-early has to.
        Cell(f"format-{form}-old-kernel", top.TWIN_GPUS, b"01:00.0\n", on(GPU1),
             suites=[TRIXIE], module_format=form, kernel=("suite", BOOKWORM),
             natives=form != "xz", check=kernel_release("6.1."))))


def native_cell(name: str, unbind: str, *taken: str,
                suites: Sequence[str] = STABLE) -> Cell:
    left = [a for a in (NIC, XHCI, GPU) if a not in taken]
    return Cell(name, top.MACHINE, held(unbind), on(*taken),
                [refused(a, "bound") for a in left] + [bound(a) for a in taken],
                append=["vfio_test.native=e1000e,xhci_pci,bochs"], scripts=["0-native"],
                check=native_first("e1000e", "xhci_pci", "bochs"), suites=suites,
                foretold=dict.fromkeys(left, "taken"),
                fault="native drivers are loaded before the hook" if left else "")


SATA_DISK, NVME_DRIVE = address(1), address(2)
ROOT = f"root=UUID={ROOT_UUID}"
ON_SATA = rf".*carries / \(UUID={ROOT_UUID}\); protected, taken only with allow=root-disk"


def storage_cell(name: str, config: str, taken: Sequence[str], log: Sequence[str],
                 *append: str) -> Cell:
    """Disks whose drivers were there first: what is on them decides (libblkid)."""
    return Cell(name, top.STORAGE, config.encode(), on(*taken), log,
                append=["vfio_test.native=ahci,sd_mod,nvme", "vfio_test.wait=sda,nvme0n1",
                        *append],
                scripts=["0-native"],
                check=all_of(native_first("ahci", "nvme"), kernel_says("vfio-test: found sda"),
                             kernel_says("vfio-test: found nvme0n1")))


STORAGE = in_one(
    TRIXIE,
    storage_cell("storage-idle", "02:00.0\n", [NVME_DRIVE], [bound(NVME_DRIVE)], ROOT),
    storage_cell("storage-root", "01:00.0\n02:00.0\n", [NVME_DRIVE],
                 [refused(SATA_DISK, "root-disk") + ON_SATA, bound(NVME_DRIVE)], ROOT),
    storage_cell("storage-root-node", "01:00.0\n", [],
                 [refused(SATA_DISK, "root-disk") + ON_SATA],
                 "root=/dev/sda"),
    storage_cell("storage-unknown", "02:00.0\n", [],
                 [refused(NVME_DRIVE, "storage") + ": it is not known what the host boots from: "
                  ".*; protected, taken only with allow=storage"], "root="),
    storage_cell("storage-elsewhere", "02:00.0\n", [],
                 [refused(NVME_DRIVE, "storage") + ".*is not there yet.*allow=storage"],
                 "root=UUID=00000000-0000-0000-0000-000000000000"),
    storage_cell("storage-always", "01:00.0 unbind=always allow=root-disk\n",
                 [SATA_DISK], [bound(SATA_DISK)], ROOT),
)

NATIVE_FIRST = in_one(
    TRIXIE,
    native_cell("native-first-never", "never"),
    native_cell("native-first-safe", "safe", NIC, XHCI),
    native_cell("native-first-default", "", NIC, XHCI, suites=EVERY),
    native_cell("native-first-always", "always", NIC, XHCI, GPU),
    Cell("machine-plain", top.MACHINE, held(""), on(NIC, XHCI, GPU)),
    Cell("too-late", top.MACHINE, held("never"), scripts=["0-late"],
         foretold=dict.fromkeys((NIC, XHCI, GPU), "taken"), fault="udev runs before the hook",
         log=[refused(GPU, "bound"), r"too late"],
         check=kernel_says("vfio-test: udev has run")),
)

RUNS = (
    Cell("many", top.MANY, b"id=1b36:0005\n", on(*MANY_TAKEN), check=every_line_there,
         suites=EVERY),
    Cell("rerun", top.GPU_AUDIO, b"01:00.*\nid=dead:beef\n", on(GPU1, AUDIO),
         append=["vfio_test=rerun"], check=second_run("rerun"), quick=True),
    Cell("rerun-bare", top.GPU_AUDIO, b"01:00.*\n", on(GPU1, AUDIO), append=["vfio_test=bare"],
         check=second_run("bare")),
    Cell("faults", top.GPU_AUDIO, b"01:00.*\n", on(GPU1, AUDIO), scripts=["0-faults"],
         check=faults_survived,
         log=[rf"^{GPU1} .*failed", r"nothing was taken: there is no /sys", r"/proc/cmdline",
              r"report could not be written", "nothing changed"]),
    Cell("bare", top.GPU_AUDIO, b"01:00.*\n", on(GPU1, AUDIO), scripts=["0-bare"],
         check=all_of(bare_status, kernel_says("vfio-test: bare run has ended"))),
)


def in_time(verdict: Verdict) -> list[str]:
    """The last of our lines came not much later than the deadline of 10 s."""
    ours = [r.seconds for r in verdict.dmesg if r.text.startswith("vfio-early:")]
    known = [r.seconds for r in verdict.dmesg if r.text.startswith("vfio-test: vfio-hang has")]
    start = known[0] if known else ours[0]
    return [] if ours[-1] - start < 20 else [f"it took {ours[-1] - start:.0f} s"]


def hung_cell(name: str, config: str, words: str, *append: str, unread: bool = True,
              topology: Topology = top.TWIN_GPUS,
              taken: Optional[Mapping[str, Optional[str]]] = None, log: Sequence[str] = (),
              check: Optional[Check] = None, suites: Sequence[str] = STABLE,
              **more: object) -> Cell:
    """A call on the second display never returns; the others are taken all the same.

    The last rule is about no device: it brings the module into the image. What an attempt
    bound that was left behind then is "bound", and not "already bound".
    """
    taken = on(GPU1) if taken is None else taken
    return Cell(f"hung-{name}", topology,
                f"{config} allow=last-display\n1f:1f.7 driver=vfio-hang\n".encode(), taken,
                [rf"{words} did not return", rf"^{GPU2} .*failed",
                 *(rf"^{a} .*: bound to {driver} \(" for a, driver in taken.items()),
                 rf"^{len(taken)} bound, \d+ refused, 1 failed,", *log],
                hang=True, summary=False, suites=suites, absent=["already bound"],
                unread=[GPU2] if unread else [], scripts=["0-hang"],
                check=all_of(in_time, check) if check else in_time,
                append=["vfio_test=hung", *append,
                        *([f"vfio_test.unread={GPU2}"] if unread else [])],
                **more)  # type: ignore[arg-type]


def first_report(*patterns: str) -> Check:
    """The report of the first run has records like these."""
    def check(verdict: Verdict) -> list[str]:
        lines = verdict.report.get("report", [])
        return [f"the report lacks /{p}/" for p in patterns
                if not any(re.search(p, line) for line in lines)]
    return check


ONE = "01:00.0 allow=last-display\n"
HUNG = (
    hung_cell("remove", ONE + "02:00.0 unbind=always", f"unbinding {GPU2} from vfio-hang",
              "vfio_test.hang=remove"),
    hung_cell("init", ONE + "02:00.0 driver=vfio-hang", "loading module vfio-hang",
              unread=False,
              modprobe_d={"vfio-test.conf": b"options vfio-hang where=init\n"}),
    # The driver takes the first, hangs in its probe of the second and never sees the third.
    hung_cell("load", "01:00.0 driver=vfio-hang allow=last-display\n"
              "03:00.0 driver=vfio-hang allow=last-display\n02:00.0 driver=vfio-hang",
              "loading module vfio-hang", topology=top.THREE_GPUS,
              taken=on(GPU1, address(3), driver="vfio-hang"),
              log=[rf"^probing {GPU2} did not return"],
              modprobe_d={"vfio-test.conf":
                          f"options vfio-hang where=probe device={GPU2}\n".encode()}),
    # Where driver_override still takes the lock of the device, which a probe holds.
    hung_cell("read", ONE + "02:00.0", f"reading the attributes of {GPU2}",
              "vfio_test.hang=probe", suites=[BOOKWORM]),
    # No time for a second attempt: what was found out and done is said all the same.
    hung_cell("deadline", f"00:1f.0\n{ONE}02:00.0 unbind=always",
              f"failed: unbinding {GPU2} from vfio-hang", "vfio_test.hang=remove",
              "vfio_test.deadline=2",
              log=[refused("0000:00:1f.0", "bridge"),
                   "^not done after 2 s, the boot goes on: still in unbinding"],
              check=all_of(kernel_says("vfio-test: status 0 after a deadline of 2 s"),
                           first_report(rf"verdict=bound .*device={GPU1} ",
                                        rf"verdict=failed .*device={GPU2} ",
                                        r"verdict=refused guard=bridge"))),
    # Gone while the binder is at work on another: removed under the driver it had got.
    Cell("gone-meanwhile", top.TWIN_GPUS,
         b"01:00.0 allow=last-display\n02:00.0 unbind=always allow=last-display\n"
         b"1f:1f.7 driver=vfio-hang\n", on(GPU2),
         [rf"^{GPU1} .*failed: vfio-pci did not bind it: ", bound(GPU2),
          r"^1 bound, 0 refused, 1 failed,"],
         hang=True, summary=False, unread=[GPU1], scripts=["0-hang"],
         check=kernel_says(f"vfio-test: removed {GPU1} from vfio-pci"),
         append=["vfio_test.hang=remove", "vfio_test.seconds=2", f"vfio_test.gone={GPU1}"]),
)


def small_cell(name: str, topology: Topology, config: bytes, *taken: str,
               log: Sequence[str] = (), check: Optional[Check] = None) -> Cell:
    """Everything is built in here: vfio-pci never loads, and the natives are always first."""
    return Cell(name, topology, config, on(*taken), [*log, *(bound(a) for a in taken)],
                append=["intel_iommu=on"], suites=[TRIXIE], kernel="small", check=check)


SMALL = (
    small_cell("small-audio", top.GPU_AUDIO, b"01:00.1\n", AUDIO),
    small_cell("small-safe", top.MACHINE, held("safe"), NIC, XHCI, log=[refused(GPU, "bound")]),
    small_cell("small-never", top.MACHINE, held("never"),
               log=[refused(a, "bound") for a in (NIC, XHCI, GPU)]),
    small_cell("small-always", top.MACHINE, held("always"), NIC, XHCI, GPU),
    small_cell("small-display-stays", top.TWIN_GPUS, b"01:00.0\n",
               log=[refused(GPU1, "bound")]),
    Cell("small-storage", top.STORAGE, b"01:00.0\n02:00.0\n", on(NVME_DRIVE), kernel="small",
         suites=[TRIXIE], scripts=["0-native"], append=["vfio_test.wait=sda,nvme0n1", ROOT],
         log=[refused(SATA_DISK, "root-disk") + ON_SATA, bound(NVME_DRIVE)]),
    # simpledrm shows the picture and holds no PCI device: the device is free to be taken.
    small_cell("small-simpledrm", top.BOOT_FRAMEBUFFER, b"01:00.0\n", GPU1,
               check=kernel_says("[drm] Initialized simpledrm")),
)

ALL: tuple[Cell, ...] = (
    *over(*SELECTION, *GUARDS, *COMMAND_LINE, *NATIVE_FIRST, *STORAGE, *RUNS, *SMALL),
    *CONFIG, *MODULES, *FORMATS, *in_one(TRIXIE, *HUNG))
