# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel-install plugin: what kernel-install writes with it, and systemd-boot boots.

The word on the kernel command line is what switches the plugin on. Without it there is the
usual entry, whose boot is what the other one is compared with.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import cache
import firmware
import foresee
import generators
import images
import kernels
import packed
import qemu
import roots
import uki_trials
import verdict as verdicts
from cells import CONFIG_FILE, TRIXIE
from generators import mkinitcpio
from generators.standalone import RDINIT, Standalone, installed
from images import Image, ImageSpec
from trials import Trial

GENERATOR = uki_trials.GENERATOR
PLUGIN = "usr/lib/kernel/install.d/55-vfio-early.install"
LOADER = "usr/lib/systemd/boot/efi/systemd-bootx64.efi"

# Only the root of a file system may be a boot partition.
INSTALL = """
set -e
tar -x -f - -C / --no-same-owner --keep-directory-symlink
mkdir -p /efi /etc/kernel
mount -t tmpfs tmpfs /efi
case $INITRD in
staged) cp /run/vfio-early/theirs "/boot/initrd.img-$VERSION" ;;
in-place) cp /run/vfio-early/theirs "/efi/initramfs-$VERSION.img" ;;
esac
echo "$CMDLINE" >/etc/kernel/cmdline
echo layout=bls >/etc/kernel/install.conf
systemd-machine-id-setup
export SYSTEMD_RELAX_ESP_CHECKS=1 SYSTEMD_RELAX_XBOOTLDR_CHECKS=1
kernel-install --esp-path=/efi --boot-path=/efi --entry-token=literal:vfio-test \\
    add "$VERSION" "/boot/vmlinuz-$VERSION"
cp -r /efi /run/vfio-early/out/esp
"""


def other_image(suite: str) -> Image:
    """Return the image that has nothing of ours."""
    standalone = generators.named(GENERATOR)
    assert isinstance(standalone, Standalone)
    theirs = standalone.theirs(ImageSpec(suite=suite, generator=GENERATOR))
    return foresee.image(theirs, {CONFIG_FILE: uki_trials.RULE})


def install(suite: str, binary: Path, theirs: Image, initrd: str, *words: str,
            ) -> tuple[int, str, Path]:
    """Run kernel-install and return its status, its output and what it made of the ESP."""
    root = roots.root(suite, base=mkinitcpio.PACKAGES)
    files = [*installed(binary), packed.regular(CONFIG_FILE[1:], uki_trials.RULE),
             packed.copied(PLUGIN, images.TREE / "kernel-install" / Path(PLUGIN).name, 0o755)]
    env = {"VERSION": kernels.of_root(root).version, "INITRD": initrd,
           "CMDLINE": " ".join([*words, *qemu.BASE_APPEND])}
    key = cache.key_of("kernel-install", INSTALL, root.key, theirs.key, env,
                       [(name, data.hex()) for name, _, _, data in files])

    def build(folder: Path) -> None:
        assert theirs.initrd is not None
        made = root.run(["sh", "-c", INSTALL], env=env, stdin=packed.tar(files),
                        binds=[(theirs.initrd, "/run/vfio-early/theirs"),
                               (folder, "/run/vfio-early/out")])
        (folder / "log").write_bytes(made.stdout)
        (folder / "status").write_text(str(made.returncode), encoding="ascii")

    folder = cache.entry("images", key, build)
    return (int((folder / "status").read_text(encoding="ascii")),
            (folder / "log").read_text(encoding="utf-8", errors="replace"), folder / "esp")


def entry_of(esp: Path) -> list[tuple[str, str]]:
    """Return the lines of the only boot entry."""
    (path,) = esp.glob("loader/entries/*.conf")
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line[0] != "#"]


def boot(suite: str, esp: Path, transcript: Path) -> verdicts.Verdict:
    """Let systemd-boot boot the only entry, and return the verdict."""
    loader = roots.root(suite, base=uki_trials.PACKAGES).path / LOADER
    with tempfile.TemporaryDirectory(prefix="vfio-early-esp.") as scratch:
        disk = Path(scratch, "esp")
        shutil.copytree(esp, disk)
        (disk / uki_trials.BOOT).parent.mkdir(parents=True)
        shutil.copyfile(loader, disk / uki_trials.BOOT)
        (disk / "loader/loader.conf").write_text("timeout 0\n", encoding="ascii")
        return uki_trials.boot_disk(disk, transcript)


def two_initrds(suite: str, binary: Path, transcript: Path) -> list[str]:
    """The entry has a line for each; the archive is the second."""
    theirs = other_image(suite)
    status, log, esp = install(suite, binary, theirs, "staged")
    if status or "vfio-early" in log:
        return [f"without the word: status {status}, {log[-300:]}"]
    usual = boot(suite, esp, transcript.with_suffix(".usual.txt"))
    status, log, esp = install(suite, binary, theirs, "staged", RDINIT)
    if status:
        return [f"kernel-install ended with {status}: {log[-300:]}"]
    initrds = [Path(value).name for key, value in entry_of(esp) if key == "initrd"]
    if initrds != [f"initrd.img-{theirs.version}", "initrd_vfio-early"]:
        return [f"the entry's initrds are {initrds}"]
    return uki_trials.judge(boot(suite, esp, transcript), usual)


def one_initrd(suite: str, binary: Path, transcript: Path) -> list[str]:
    """A generator wrote its own where kernel-install looks if nothing is staged."""
    theirs = other_image(suite)
    assert theirs.initrd is not None
    status, log, esp = install(suite, binary, theirs, "in-place", RDINIT)
    transcript.write_text(log, encoding="utf-8")
    if status:
        return [f"kernel-install ended with {status}: {log[-300:]}"]
    values = [value for key, value in entry_of(esp) if key == "initrd"]
    if [Path(value).name for value in values] != ["initrd_vfio-early"]:
        return [f"the entry's initrds are {values}"]
    data, first = Path(f"{esp}{values[0]}").read_bytes(), theirs.initrd.read_bytes()
    at = (len(first) + 3) & ~3
    if not data.startswith(first) or data[at:at + 6] != b"070701":
        return ["the entry's initrd is not theirs and the archive behind it"]
    return []


def no_initrd(suite: str, binary: Path, transcript: Path) -> list[str]:
    """Nothing to go on with: no entry is better than one that panics."""
    theirs = other_image(suite)
    status, log, _ = install(suite, binary, theirs, "none", RDINIT)
    transcript.write_text(log, encoding="utf-8")
    wrong = [] if status else ["kernel-install ended with 0"]
    return wrong + ([] if "has no initrd, and the archive needs one" in log else ["not said why"])


ALL = (Trial("kernel-install", two_initrds, GENERATOR, (TRIXIE,), firmware.obstacle, foresees=True),
       Trial("kernel-install-joined", one_initrd, GENERATOR, (TRIXIE,)),
       Trial("kernel-install-alone", no_initrd, GENERATOR, (TRIXIE,)))
