# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of image tests: what the generator says and makes of good and broken input.

Of every image is asserted, without a cell saying so: the generator ended with 0, whatever
was wrong, because its failure is dpkg's failure; our lines in its output are the ones that
the cell names and no others; and where our boot script is in the image, it runs before udev's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Mapping, Optional, Sequence

import generators.dracut as dracut_generator
import topologies as top
from cells import (DANGLING, DIRECTORY, EVERY, FIFO, LOOP, MASKED, TRIXIE, UNREADABLE,
                   Kernel)
from generators.base import BINARY, Generator
from generators.initramfs_tools import SCRIPT
from images import Image, ImageSpec

CONFIG = "etc/vfio-early.conf"
RULE = b"01:00.0 id=1234:1111\n"
# Lines that are not understood, with what a build says of them; the image is made, and has them.
TYPO = b"01:00.0 wiht=slot\n02:00.0\n03:00.0 with=\\n\n"
TYPO_DROPIN = b"# none\nkepe 04:00.0\n"
TYPOS = {"config": TYPO, "dropins": {"10-a.conf": TYPO_DROPIN}}
SAID_OF_TYPOS = (
    r'/etc/vfio-early\.conf:1:9: "wiht=slot": unknown term; expected an address, path=, .*: '
    r"correct it and run \w+",
    r'/etc/vfio-early\.conf:3:14: "\\x5cn": not understood; expected with=slot or with=group: '
    r"correct it and run \w+",
    r'/etc/vfio-early\.conf\.d/10-a\.conf:2:1: "kepe": .*expected .*: correct it and run \w+')
HOLDS_TYPOS = {BINARY: None, CONFIG: TYPO, "etc/vfio-early.conf.d/10-a.conf": TYPO_DROPIN}
# However many there are, no more than 32 are said, and how many are not.
TYPOS_MANY = {"config": b"nonsense\n" * 100}
SAID_OF_MANY = (r'/etc/vfio-early\.conf:([1-9]|[12]\d|3[0-2]):1: "nonsense": .*: correct it',
                r"68 more problems of the config are not shown: correct it")


@dataclass(frozen=True)
class ImageCell:
    """One image: its spec, our lines in the log, and files it must or must not hold."""

    name: str
    spec: Mapping[str, object]
    warnings: Sequence[str] = ()
    holds: Mapping[str, Optional[bytes]] = field(default_factory=dict)
    lacks: Sequence[str] = ()
    suites: Sequence[str] = EVERY

    @property
    def generator(self) -> str:
        return str(self.spec.get("generator", ImageSpec.generator))

    @property
    def kernel(self) -> Kernel:
        return self.spec.get("kernel", ImageSpec.kernel)  # type: ignore[return-value]


def module(name: str) -> str:
    """A pattern for a module's file, in whatever folder and format."""
    return rf".*/{name}\.ko(\.(xz|zst|gz))?"


INITRAMFS_TOOLS = (
    ImageCell("good", {"config": RULE, "dropins": {"10-a.conf": b"02:00.0\n", "20-b.conf": None},
                       "vendor_dropins": {"30-c.conf": b"keep 03:00.0\n"},
                       "modprobe_d": {"test.conf": b"options vfio-pci disable_vga=1\n"}},
              holds={BINARY: None, SCRIPT: None, CONFIG: RULE,
                     "etc/vfio-early.conf.d/10-a.conf": b"02:00.0\n",
                     "etc/vfio-early.conf.d/20-b.conf": b"/dev/null",
                     "usr/lib/vfio-early.conf.d/30-c.conf": b"keep 03:00.0\n",
                     "etc/modprobe.d/test.conf": None,
                     module("vfio-pci"): None, module("vfio_iommu_type1"): None}),
    ImageCell("other-driver", {"config": b"01:00.0 driver=pci-stub # driver=none\n"}),
    ImageCell("config-typo", TYPOS, SAID_OF_TYPOS, holds=HOLDS_TYPOS),
    ImageCell("config-typos", TYPOS_MANY, SAID_OF_MANY, holds={CONFIG: None}, suites=[TRIXIE]),
    ImageCell("no-config", {}, [r"there is no /etc/vfio-early\.conf, only vfio_early\.take="],
              holds={BINARY: None, SCRIPT: None, module("vfio-pci"): None}, lacks=[CONFIG]),
    ImageCell("config-masked", {"config": MASKED}, holds={CONFIG: b"/dev/null"}),
    ImageCell("config-directory", {"config": DIRECTORY}, [r"/etc/vfio-early\.conf is not a regular"]),
    ImageCell("config-dangling", {"config": DANGLING}, [r"/etc/vfio-early\.conf is not a regular"]),
    *(ImageCell(f"config-{kind}", {"config": kind}, [r"/etc/vfio-early\.conf is not a regular"],
                holds={CONFIG: b"unusable-when-this-image-was-made"}, suites=[TRIXIE])
      for kind in (FIFO, LOOP)),
    ImageCell("config-huge", {"config": b"01:00.0\n" * 8193},
              [r"/etc/vfio-early\.conf is larger than 65536 bytes: shorten it"],
              holds={CONFIG: b"unusable-when-this-image-was-made"}, suites=[TRIXIE]),
    ImageCell("config-largest", {"config": b"# 34567\n" * 8192},
              holds={CONFIG: b"# 34567\n" * 8192}, suites=[TRIXIE]),
    ImageCell("config-unreadable", {"config": UNREADABLE},
              [r"/etc/vfio-early\.conf cannot be read"]),
    ImageCell("config-writable", {"config": RULE, "config_mode": 0o646},
              [r"/etc/vfio-early\.conf can be changed by others than root: run chown -R root: "
               r"/etc/vfio-early\.conf && chmod -R go-w /etc/vfio-early\.conf and run "
               r"update-initramfs"],
              holds={CONFIG: b"unusable-when-this-image-was-made"}),
    ImageCell("modules-missing",
              {"config": RULE, "without_modules": ("vfio-pci", "vfio_iommu_type1")},
              [r"has no module vfio-pci, so", r"has no module vfio_iommu_type1, so"],
              holds={BINARY: None, CONFIG: RULE}),
    ImageCell("driver-missing", {"config": b"01:00.0 driver=no-such-driver\n"},
              [r"has no module no-such-driver, so the rules with driver=no-such-driver"]),
    ImageCell("kernel-missing", {"config": RULE, "kernel": "missing"},
              [r"has no module vfio-pci, so", r"has no module vfio_iommu_type1, so"]),
    ImageCell("binary-missing", {"config": RULE, "binary": None},
              [r"vfio-early-boot is missing, .*: reinstall vfio-early"], lacks=[BINARY]),
)


def mkinitcpio_hooks(*more: str) -> str:
    return f"HOOKS=({' '.join(['base', 'vfio-early', 'udev', *more, 'modconf', 'kms'])})\n"


def dracut(name: str, given: Mapping[str, object], warnings: Sequence[str] = (),
           suites: Sequence[str] = (TRIXIE,), **more: object) -> ImageCell:
    return ImageCell(name, {"generator": dracut_generator.SYSTEMD, **given}, warnings,
                     suites=suites, **more)  # type: ignore[arg-type]


UNIT = "usr/lib/systemd/system/vfio-early.service"
WANTED = "(usr/lib|etc)/systemd/system/sysinit.target.wants/vfio-early.service"
DRACUT = (
    dracut("good", {"config": RULE, "dropins": {"10-a.conf": b"02:00.0\n", "20-b.conf": None},
                    "vendor_dropins": {"30-c.conf": b"keep 03:00.0\n"},
                    "modprobe_d": {"test.conf": b"options vfio-pci disable_vga=1\n",
                                   "other.conf": b"options e1000e debug=0\n"}},
           holds={BINARY: None, UNIT: None, WANTED: None, CONFIG: RULE,
                  "etc/vfio-early.conf.d/10-a.conf": b"02:00.0\n",
                  "etc/vfio-early.conf.d/20-b.conf": b"/dev/null",
                  "usr/lib/vfio-early.conf.d/30-c.conf": b"keep 03:00.0\n",
                  "etc/modprobe.d/test.conf": None,
                  module("vfio-pci"): None, module("vfio_iommu_type1"): None},
           lacks=["etc/modprobe.d/other.conf"], suites=EVERY),
    dracut("other-driver", {"config": b"01:00.0 driver=pci-stub # driver=none\n"}),
    dracut("config-typo", TYPOS, SAID_OF_TYPOS, holds={UNIT: None, **HOLDS_TYPOS}, suites=EVERY),
    # Left out where nobody wants it, and left out of a rescue image where somebody does.
    dracut("no-config", {}, lacks=[BINARY, UNIT]),
    dracut("rescue", {"config": RULE, "conf": 'omit_dracutmodules+=" vfio-early "\n'},
           lacks=[BINARY, UNIT, CONFIG]),
    dracut("binary-missing", {"config": RULE, "binary": None}, [r"vfio-early-boot is missing"],
           lacks=[BINARY, UNIT]),
    dracut("config-masked", {"config": MASKED}, holds={CONFIG: b"/dev/null"}),
    dracut("config-directory", {"config": DIRECTORY}, [r"/etc/vfio-early\.conf is not a regular"]),
    dracut("config-dangling", {"config": DANGLING}, [r"/etc/vfio-early\.conf is not a regular"]),
    dracut("config-unreadable", {"config": UNREADABLE},
           [r"/etc/vfio-early\.conf cannot be read"]),
    dracut("modules-missing",
           {"config": RULE, "without_modules": ("vfio-pci", "vfio_iommu_type1")},
           [r"has no module vfio-pci, so", r"has no module vfio_iommu_type1, so"],
           holds={BINARY: None, CONFIG: RULE}, suites=EVERY),
    dracut("modules-omitted",
           {"config": RULE, "conf": 'omit_drivers+=" vfio-pci "\n'},
           [r"module vfio-pci is kept out of the image by omit_drivers"]),
    dracut("driver-missing", {"config": b"01:00.0 driver=no-such-driver\n"},
           [r"has no module no-such-driver, so the rules with driver=no-such-driver"]),
)

def filtered(generator: str, suites: Sequence[str], on: Mapping[str, object],
             off: Mapping[str, object], *, has: str, others: str) -> tuple[ImageCell, ...]:
    """A generator that leaves out what its machine does not need, and one that does not."""
    ours = {module("vfio-pci"): None, module("vfio_iommu_type1"): None}
    given = {"generator": generator, "config": RULE, "machine": top.WORKSTATION,
             "test_modules": ()}
    return (ImageCell("only-this-machine", {**given, **on}, suites=suites,
                      holds={**ours, module(has): None}, lacks=[module(others)]),
            ImageCell("any-machine", {**given, **off}, suites=suites,
                      holds={**ours, module(has): None, module(others): None}))


FILTERED = (
    *filtered("initramfs-tools", EVERY, {"modules": "dep"}, {"modules": "most"},
              has="xhci-pci", others="megaraid_sas"),
    *filtered("dracut", EVERY, {"conf": dracut_generator.HOSTONLY}, {}, has="xhci-pci",
              others="aacraid"),
    *filtered("mkinitcpio-busybox", [TRIXIE], {"conf": mkinitcpio_hooks("autodetect")},
              {"conf": mkinitcpio_hooks()}, has="bochs", others="amdgpu"),
)

MKINITCPIO = tuple(
    ImageCell("config-typo", {"generator": f"{tool}-{kind}", **TYPOS}, SAID_OF_TYPOS,
              holds=HOLDS_TYPOS, suites=[TRIXIE])
    for tool in ("mkinitcpio", "mkinitcpio-standin") for kind in ("busybox", "systemd"))

ALL = (*INITRAMFS_TOOLS, *DRACUT, *MKINITCPIO, *FILTERED)


def spec(cell: ImageCell, suite: str, binary: object) -> ImageSpec:
    return ImageSpec(**{"suite": suite, "binary": binary, **cell.spec})  # type: ignore[arg-type]


def wrong_build(generator: Generator, image: Image, warnings: Sequence[str]) -> list[str]:
    """What in the build's status and in our lines is not as expected."""
    wrong = []
    if image.status != 0 and generator.complete:
        wrong.append(f"{generator.name} ended with {image.status}")
    lines = image.warnings()
    wrong += [f"not said: {p}" for p in warnings
              if not any(re.search(f"{generator.warning}.*{p}", line)
                         for line in lines)]
    return wrong + [f"said: {line}" for line in lines
                    if not any(re.search(p, line) for p in warnings)]


def judge(cell: ImageCell, generator: Generator, image: Image) -> list[str]:
    """Everything about the image that is not as the cell expects."""
    wrong = wrong_build(generator, image, cell.warnings)
    contents = image.contents()
    if not contents:
        return [*wrong, "the image is empty"]
    for name, wanted in cell.holds.items():
        found = [data for path, data in contents.items() if re.fullmatch(name, path)]
        if not found:
            wrong.append(f"the image lacks {name}")
        elif wanted is not None and wanted not in found:
            wrong.append(f"{name} is {found[0][:60]!r}")
    wrong += [f"the image holds {path}" for path in contents
              if any(re.fullmatch(name, path) for name in cell.lacks)]
    return wrong + generator.wrong_order(contents)
