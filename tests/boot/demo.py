# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/demo: shows what vfio-early does, in an emulated machine.

Builds the program into build/, makes a Debian system in the cache folder, installs
vfio-early into it as a package would, lets its update-initramfs build the boot image, and
boots that on a machine with an IOMMU and two identical graphics cards, of which the config
takes the first. Then it prints what the kernel logged and who has which device. Only root
can install missing packages; everything else works as an ordinary user, and nothing outside
this folder and the cache folder (~/.cache/vfio-early) is changed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import generators
import qemu
import topologies
import verdict as verdicts
from images import ImageSpec

TOP = Path(__file__).resolve().parents[2]

SUITE = "trixie"
CONFIG = b"""# Two identical cards: take the one in slot 01:00, leave its twin to the host.
01:00.0 id=1234:1111
"""
INTERESTING = re.compile(r"vfio|iommu|DMAR|bochs|Linux version|fb\d|[dD]isplay")
CLASSES = {0x03: "display", 0x06: "bridge", 0x0c: "serial bus", 0x01: "storage", 0x02: "network"}


def step(text: str) -> None:
    print(f"\n== {text}", file=sys.stderr, flush=True)


def must(command: list[object]) -> None:
    result = subprocess.run([str(word) for word in command], cwd=TOP, check=False)
    if result.returncode:
        sys.exit(f"demo: {' '.join(map(str, command))} ended with {result.returncode}")


def build() -> None:
    step("building build/vfio-early-boot")
    must(["subprojects/fetch-sources"])
    if not (TOP / "build/build.ninja").exists():
        must(["meson", "setup", "build", "--native-file", "native/musl.ini"])
    must(["ninja", "-C", "build"])


def main() -> int:
    if sys.argv[1:]:
        print(__doc__.strip())
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 64
    build()
    step(f"a Debian {SUITE} system with vfio-early, and its boot image")
    image = generators.build_image(ImageSpec(suite=SUITE, config=CONFIG))
    if image.status or image.initrd is None:
        sys.exit(f"demo: the image could not be built:\n{image.log}")
    step(f"booting Linux {image.version} with two identical graphics cards")
    console = TOP / "build/demo-console"
    machine = qemu.Machine(image.kernel, image.initrd, topologies.TWIN_GPUS.options,
                           ["intel_iommu=on"])
    result = qemu.run(machine, console)
    if result.ended != "poweroff":
        sys.exit(f"demo: the boot ended with {result.ended}; see {console}\n{result.message}")
    return show(verdicts.parse(result.console), console)


def show(verdict: verdicts.Verdict, console: Path) -> int:
    print(f"\n/etc/vfio-early.conf\n\n{CONFIG.decode().rstrip()}")
    print(f"\nBoot log (all of it: {console.relative_to(TOP)})\n")
    for record in verdict.dmesg:
        if INTERESTING.search(record.text):
            print(f"[{record.seconds:12.6f}] {record.text}")
    print("\nPCI functions after the boot\n")
    row = "{:<14}{:<11}{:<12}{:<7}{}".format
    print(row("ADDRESS", "ID", "CLASS", "GROUP", "DRIVER"))
    for function in verdict.functions.values():
        print(row(function.address, f"{function.vendor:04x}:{function.device:04x}",
                  CLASSES.get(function.pci_class >> 16, f"{function.pci_class >> 8:04x}"),
                  "-" if function.group is None else function.group, function.driver or "-"))
    cards = [f.driver for f in verdict.functions.values() if f.device == 0x1111]
    if cards != ["vfio-pci", "bochs-drm"]:
        print(f"\ndemo: expected one card on vfio-pci and its twin on bochs-drm, not {cards}")
        return 1
    print("\nThe first card is ready for a virtual machine; its twin drives the host's display.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
