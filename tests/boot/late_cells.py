# SPDX-License-Identifier: LGPL-2.1-or-later
"""The boots in which devices appear after the boot run: plugged in, out and in again, and
virtual functions.

Whether a native driver was there before the device is part of the topology, so that it is
the same in the baseline, which shows that this driver would have had the device.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Sequence

import host
import topologies as top
from cells import EVERY, STABLE, TRIXIE, Cell, Check, all_of, bound, in_one, on, over, refused
from generators.dracut import SYSTEMD
from images import TEST_MODULES
from topologies import Topology, address, root_port, slot
from verdict import Verdict

# Windows for what is plugged in later: the firmware knows nothing of it yet. The port's own
# hotplug, as real machines have it, and not the one of ACPI.
ROOM = ",mem-reserve=32M,pref64-reserve=64M"
NATIVE_HOTPLUG = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
PORTS = 2


def ports(count: int) -> tuple[str, ...]:
    """Root ports 1 to COUNT, empty and with room."""
    return tuple(word for number in range(1, count + 1) for option in (root_port(number),)
                 for word in (option[0], option[1] + ROOM))


def plugged(name: str, late: Sequence[str], steps: Sequence[Sequence[str]],
            native: dict[str, str | None], options: Sequence[str] = (),
            count: int = PORTS) -> Topology:
    return Topology(f"plug-{name}", (*NATIVE_HOTPLUG, *ports(count), *options), native,
                    append=("vfio_test.late=" + ",".join(late),),
                    steps=tuple(map(tuple, steps)))


HOT, OTHER = address(1), address(2)
NIC_IN = f"device_add {top.NIC},bus=rp1,id=hot"
NIC_OUT = "device_del hot"
NIC_TORN_OUT = "tear_out 00:01.0"


def nic(name: str, *late: str) -> Topology:
    return plugged(name, late, [[NIC_IN], [NIC_OUT], [NIC_IN]], {HOT: "e1000e"})


FIRST_IN = nic("fresh", "!0", f"+{HOT}")
FIRST_IN = replace(FIRST_IN, steps=FIRST_IN.steps[:1])
LOADED = replace(FIRST_IN, name="plug-loaded",
                 append=(f"vfio_test.late=load:e1000e,!0,+{HOT}",))
AGAIN = nic("again", "!0", f"+{HOT}", "!1", f"-{HOT}", "!2", f"+{HOT}")
TORN_OUT = replace(AGAIN, name="plug-torn-out", steps=((NIC_IN,), (NIC_TORN_OUT,), (NIC_IN,)))

# A driver that every kernel of Debian has built in.
BUILT_IN = plugged(
    "built-in", ["!0", f"+{HOT}"], [["device_add pci-serial,chardev=nothing,bus=rp1,id=hot"]],
    {HOT: "serial"}, ("-chardev", "null,id=nothing"))

# On a host that has booted from a disk; until then nothing there wants the driver.
HOST_DISK = address(3)
ON_HOST = plugged(
    "host", ["!0", f"+{HOT}"], [[NIC_IN]], {HOT: "e1000e", HOST_DISK: "ahci"},
    (*slot(3, "ich9-ahci,id=host"), "-drive",
     "if=none,id=root,format=raw,snapshot=on,file=@root-disk@",
     *top.device("ide-hd,bus=host.0,drive=root")))
LATE_IOMMU = Topology(
    "late-iommu",
    (*top.device("virtio-iommu-pci,addr=5"), *slot(1, top.NIC), *slot(3, "ich9-ahci,id=host"), "-drive",
     "if=none,id=root,format=raw,snapshot=on,file=@root-disk@",
     *top.device("ide-hd,bus=host.0,drive=root")),
    {HOT: "e1000e", address(2): "ahci"}, iommu=False)
HOST_NIC = address(5)  # of top.WHOLE

# Their native driver is loaded for the first of them that udev hears of.
TWINS = plugged(
    "twins", ["!0", f"+{HOT}", f"+{OTHER}"],
    [[f"device_add {top.GPU},bus=rp1,id=one", f"device_add {top.GPU},bus=rp2,id=two"]],
    {HOT: "bochs-drm", OTHER: "bochs-drm"})

# Functions 1 to 7 show themselves with function 0.
BURST_PORTS = 8
BURST_ALL = [address(bus, 0, function) for bus in range(1, BURST_PORTS + 1)
             for function in range(8)]
BURST = plugged(
    "burst", ["!0", *(f"+{a}" for a in BURST_ALL)],
    [[f"device_add pci-testdev,bus=rp{bus},addr=0.{function},multifunction=on,"
      f"id=t{bus}{function}" for bus in range(1, BURST_PORTS + 1)
      for function in (7, 6, 5, 4, 3, 2, 1, 0)]],
    {a: None for a in BURST_ALL}, count=BURST_PORTS)


# The device is there at boot, removed by the kernel's own means, and found again.
REMOVED = Topology(
    "plug-removed", root_port(1) + top.device(f"{top.NIC},bus=rp1"), {HOT: "e1000e"},
    append=(f"vfio_test.late=bus/pci/devices/{HOT}/remove=1,-{HOT},bus/pci/rescan=1,+{HOT}",))

# Its own driver makes the virtual functions, and is asked about each of them: these refuse
# it, since nothing has put them online.
VF_COUNT = 4
VFS = [address(1, 0, function) for function in range(1, VF_COUNT + 1)]
SRIOV = Topology(
    "plug-sriov",
    (*root_port(1), *top.device("nvme-subsys,id=subsys0"),
     *top.device(f"nvme,serial=pf,subsys=subsys0,bus=rp1,sriov_max_vfs={VF_COUNT},"
                 f"sriov_vq_flexible={2 * VF_COUNT},sriov_vi_flexible={VF_COUNT}")),
    {HOT: "nvme", **{a: None for a in VFS}},
    append=(f"vfio_test.late=+{HOT},bus/pci/devices/{HOT}/sriov_numvfs={VF_COUNT},"
            + ",".join(f"+{a}" for a in VFS) + ",steady",))


def silent(verdict: Verdict) -> list[str]:
    """Nothing is said about devices that nobody wants."""
    return [f"said: {line}" for line in verdict.log if line.startswith(HOT)]


def asked(wanted: bool) -> Check:
    """Whether the native driver was ever asked about a virtual function."""
    def check(verdict: Verdict) -> list[str]:
        found = [a for a in VFS for record in verdict.dmesg
                 if re.search(rf"^nvme nvme\d+: pci function {a}", record.text)]
        return [] if bool(found) == wanted else [f"nvme was asked about: {found}"]
    return check


def new_group(verdict: Verdict) -> list[str]:
    """Its group came with it: no number that a device had at boot."""
    others = {f.group for f in verdict.functions.values() if f.address != HOT}
    group = verdict.functions[HOT].group
    return [] if group is not None and group not in others else [f"its group is {group}"]


def said_once(address: str, words: str) -> Check:
    """Not again for every time that somebody goes through all devices."""
    def check(verdict: Verdict) -> list[str]:
        lines = [x for x in verdict.log if x.startswith(address) and words in x]
        return [] if len(lines) == 1 else [f"said {len(lines)} times: {words}"]
    return check


def late_report(count: int):
    """Each late device once in their report."""
    def check(verdict: Verdict) -> list[str]:
        lines = [x for x in verdict.report.get("late", []) if "verdict=bound" in x]
        return [] if len(lines) == count else [f"late report has {len(lines)} bound, not {count}"]
    return check


def surprised(verdict: Verdict) -> list[str]:
    """For the kernel the device was gone before anybody asked for that, and then another came."""
    said = [r.text.rpartition(": ")[2] for r in verdict.dmesg if "pciehp: Slot(1): " in r.text]
    gone = [text for text in said if re.search("Card not present|Link Down", text)]
    asked_for = [text for text in said if re.search("power(ing)? off", text, re.IGNORECASE)]
    return [] if gone and not asked_for else [f"pciehp said: {said}"]


def let_go(verdict: Verdict) -> list[str]:
    """udev, and with it the device's own driver, waited no longer than for the deadline of 10 s."""
    times = {name: [r.seconds for r in verdict.dmesg if re.search(pattern, r.text)]
             for name, pattern in (("came", rf"^pci {HOT}: \[8086:10d3\]"),
                                   ("got its driver", rf"^e1000e {HOT}: "))}
    if not all(times.values()):
        return [f"when it {name} is not said" for name, found in times.items() if not found]
    took = times["got its driver"][0] - times["came"][0]
    return [] if 1 < took < 20 else [f"it took {took:.0f} s until its own driver had it"]


TAKEN_FROM = rf"^{HOT} .*bound to vfio-pci, taken from e1000e \(a module that was there before"
TAKEN_FROM_BUILT_IN = rf"^{HOT} .*bound to vfio-pci, taken from serial \(built into the kernel"


def late(name: str, topology: Topology, config: bytes | None, *taken: str,
         log: Sequence[str] = (), suites: Sequence[str] = STABLE, **more: object) -> Cell:
    return Cell(f"late-{name}", topology, config, on(*taken), late=taken, suites=suites,
                log=[*log, *(bound(a) for a in taken)], **more)  # type: ignore[arg-type]


ALL: tuple[Cell, ...] = in_one(TRIXIE, *over(
    late("fresh", FIRST_IN, b"01:00.0 id=8086:10d3\n", HOT, check=late_report(1),
         suites=EVERY),
    late("unwanted", FIRST_IN, b"02:00.0\n", check=silent),
    late("identity", FIRST_IN, b"01:00.0 id=10de:2206\n", log=[refused(HOT, "identity")]),
    late("take", FIRST_IN, None, HOT, append=["vfio_early.take=01:00.0"]),
    late("off", FIRST_IN, b"01:00.0\n", append=["vfio_early=off"], summary=False,
         check=silent),
    # The driver core asks the drivers that are there before udev hears of the device.
    late("loaded", LOADED, b"01:00.0\n", HOT, log=[TAKEN_FROM]),
    late("loaded-never", LOADED, b"01:00.0 unbind=never\n", log=[refused(HOT, "bound")],
         foretold={HOT: "taken"}, fault="its driver is loaded before it is plugged in"),
    # The udevd of systemd, in its sandbox.
    late("systemd", FIRST_IN, b"01:00.0\n", HOT, suites=EVERY, generator=SYSTEMD),
    late("again", AGAIN, b"01:00.0\n", HOT, check=late_report(2)),
    late("torn-out", TORN_OUT, b"01:00.0\n", HOT, check=all_of(late_report(2), surprised),
         suites=EVERY),
    late("built-in", BUILT_IN, b"01:00.0\n", HOT, log=[TAKEN_FROM_BUILT_IN], suites=EVERY),
    late("built-in-safe", BUILT_IN, b"01:00.0 unbind=safe\n", HOT, log=[TAKEN_FROM_BUILT_IN]),
    late("built-in-never", BUILT_IN, b"01:00.0 unbind=never\n",
         log=[refused(HOT, "bound") + r": serial \(built into the kernel\) holds it"]),
    Cell("late-removed", REMOVED, b"01:00.0\n", on(HOT), [bound(HOT), TAKEN_FROM]),
    Cell("late-removed-built-in", REMOVED, b"01:00.0\n", on(HOT),
         [rf"^{HOT} .*taken from e1000e \(built into", rf"^{HOT} .*taken from e1000e \(built"],
         kernel="small", suites=[TRIXIE], check=late_report(1)),
    late("vfs", SRIOV, b"vf-of=01:00.0 allow=storage\n", *VFS, check=asked(False), suites=EVERY),
    late("vfs-keep", SRIOV, b"vf-of=01:00.0 allow=storage\nkeep 01:00.2\n", *(VFS[:1] + VFS[2:]),
         check=asked(False)),
    # Beside another term the others are the host's, so its driver is asked first.
    late("vfs-with-id", SRIOV, b"vf-of=01:00.0 id=1b36:0010 allow=storage\n", *VFS, check=asked(True)),
    late("twins-first", TWINS, b"01:00.0 id=1234:1111 allow=last-display\n", HOT),
    late("twins-second", TWINS, b"02:00.0 id=1234:1111 allow=last-display\n", OTHER),
    late("group", FIRST_IN, b"group=01:00.0 id=8086:10d3\n", HOT, check=new_group, suites=EVERY),
    late("with-group", AGAIN, b"path=00:01.0/00.0 with=group\n", HOT, check=new_group),
    # The udev of the root file system, which knows nothing but what the boot run left.
    late("host", ON_HOST, b"01:00.0 id=8086:10d3\n", HOT, whole=True, files=host.files()),
    # A driver that only the root file system has: until then its device is the host's.
    Cell("late-host-driver", top.WHOLE, None, on(HOST_NIC, driver="pci-stub"), late=[HOST_NIC],
         log=[refused(HOST_NIC, "driver"),
              rf"^{HOST_NIC} .*bound to pci-stub, taken from e1000e"], whole=True,
         append=["vfio_early.take=05:00.0,driver=pci-stub,allow=network"], files=host.files(),
         check=said_once(HOST_NIC, "refused, driver")),
    Cell("late-hung", FIRST_IN, b"01:00.0 driver=vfio-hang\n", suites=[TRIXIE],
         log=["loading module vfio-hang did not return", rf"^{HOT} .*failed"], hang=True,
         summary=False, append=["vfio_test=hung"], check=let_go,
         modprobe_d={"vfio-test.conf": b"options vfio-hang where=init\n"}),
    # The IOMMU's own driver is a module: neither group nor number is there when the boot run is.
    Cell("late-iommu", LATE_IOMMU, b"01:00.0 id=8086:10d3\n", on(HOT), late=[HOT],
         log=[refused(HOT, "no-iommu"), rf"^{HOT} .*taken from e1000e \(a module loaded before"],
         whole=True, files=host.files(),
         test_modules=(*TEST_MODULES, "virtio_iommu"), check=said_once(HOT, "refused, no-iommu")),
    late("burst", BURST, f"id={top.MANY_ID}\n".encode(), *BURST_ALL,
         check=late_report(len(BURST_ALL)), suites=[TRIXIE]),
))
