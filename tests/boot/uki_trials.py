# SPDX-License-Identifier: LGPL-2.1-or-later
"""A unified kernel image that stays as it is, and an addon with the stand-alone archive.

Both are made by ukify and booted by a UEFI firmware, from a folder shown as a disk.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import cache
import firmware
import foresee
import generators
import qemu
import roots
import topologies as top
import verdict as verdicts
from cells import CONFIG_FILE, GPU1, SID, TRIXIE, on
from generators.standalone import RDINIT, Standalone
from images import Image, ImageSpec
from trials import Trial

GENERATOR = "standalone-initramfs-tools"
IMAGE_SUITE = TRIXIE
RULE = b"01:00.0\n"
PACKAGES = ("systemd-ukify", "systemd-boot-efi")
BOOT = "EFI/BOOT/BOOTX64.EFI"
ADDON = f"{BOOT}.extra.d/vfio-early.addon.efi"

UKIFY = """
set -e
cd /run/vfio-early
ukify build --linux=linux --initrd=theirs --uname="$VERSION" --cmdline="$WORDS" \\
    --output=out/uki.efi
ukify build --stub=/usr/lib/systemd/boot/efi/addonx64.efi.stub --cmdline="$RDINIT" \\
    --initrd=ours --output=out/addon.efi
ukify build --stub=/usr/lib/systemd/boot/efi/addonx64.efi.stub --cmdline="$RDINIT" \\
    --output=out/word.efi
"""


def built(suite: str, theirs: Image, ours: Image) -> Path:
    """Return the folder with the UKI and the addons that this suite's ukify makes."""
    root = roots.root(suite, base=PACKAGES)
    env = {"VERSION": theirs.version, "RDINIT": RDINIT,
           "WORDS": " ".join([*qemu.BASE_APPEND, *theirs.append])}
    key = cache.key_of("uki", UKIFY, root.key, theirs.key, ours.key, env)

    def build(folder: Path) -> None:
        binds = [(source, f"/run/vfio-early/{name}") for source, name in
                 ((theirs.kernel, "linux"), (theirs.initrd, "theirs"), (ours.initrd, "ours"),
                  (folder, "out")) if source is not None]
        made = root.run(["sh", "-c", UKIFY], env=env, binds=binds)
        if made.returncode:
            raise RuntimeError(f"ukify: {made.stdout.decode(errors='replace')[-1000:]}")

    return cache.entry("images", key, build)


def boot_disk(esp: Path, transcript: Path) -> verdicts.Verdict:
    """Boot what a firmware finds in the folder, and return the verdict."""
    disk = ("-drive", f"if=none,id=esp,format=raw,snapshot=on,file=fat:{esp}",
            "-device", "ide-hd,drive=esp,bus=ide.0")
    machine = qemu.Machine(None, esp, [*(firmware.options() or ()), *disk,
                                       *top.TWIN_GPUS.options])
    result = qemu.run(machine, transcript)
    if result.ended != "poweroff":
        raise verdicts.Incomplete(f"the boot ended with {result.ended}: {result.message[-300:]}")
    return verdicts.parse(result.console)


def boot(folder: Path, with_addon: bool, transcript: Path) -> verdicts.Verdict:
    """Boot the UKI and return the verdict."""
    with tempfile.TemporaryDirectory(prefix="vfio-early-esp.") as esp:
        for name, source in ((BOOT, "uki.efi"), (ADDON, "addon.efi")):
            if source == "uki.efi" or with_addon:
                Path(esp, name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / source, Path(esp, name))
        return boot_disk(Path(esp), transcript)


def judge(verdict: verdicts.Verdict, usual: verdicts.Verdict) -> list[str]:
    """Return what is wrong with a boot that takes one card, and one that does not start us."""
    native = top.TWIN_GPUS.native[GPU1]
    wrong = [f"usual: {line}" for line in usual.log]
    if usual.functions[GPU1].driver != native:
        wrong.append(f"usual: {GPU1} is on {usual.functions[GPU1].driver}, not on {native}")
    wrong += verdicts.wrong_drivers(verdict, usual, on(GPU1))
    wrong += verdicts.wrong_vfio(verdict) + verdicts.wrong_foreseen(verdict, {})
    return wrong + verdicts.wrong_log(verdict, on(GPU1), late=0, summary=True)


def addon(suite: str, binary: Path, transcript: Path) -> list[str]:
    """Boot a UKI without its addon and with it; suite is that of ukify."""
    standalone = generators.named(GENERATOR)
    assert isinstance(standalone, Standalone)
    spec = ImageSpec(suite=IMAGE_SUITE, binary=binary, config=RULE, generator=GENERATOR)
    theirs = foresee.image(standalone.theirs(spec), {CONFIG_FILE: RULE})
    folder = built(suite, theirs, standalone.archive(spec))
    usual = boot(folder, False, transcript.with_suffix(".usual.txt"))
    return judge(boot(folder, True, transcript), usual)


ALL = (Trial("uki-addon", addon, GENERATOR, (TRIXIE, SID), firmware.obstacle,
             foresees=True),)
