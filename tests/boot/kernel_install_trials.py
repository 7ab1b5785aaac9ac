# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel-install plugin: what kernel-install writes with it, and systemd-boot boots.

The word on the kernel command line is what switches the plugin on. Without it there is the
usual entry, whose boot is what the other one is compared with. What others than systemd's
plugin write has no place for the archive, and must not be written.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Sequence

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
from cells import BOOKWORM, CONFIG_FILE, TRIXIE
from generators import mkinitcpio
from generators.standalone import RDINIT, Standalone, installed
from images import Image, ImageSpec
from trials import Trial

GENERATOR = uki_trials.GENERATOR
PLUGINS = "usr/lib/kernel/install.d"
BEFORE, PLUGIN = (f"{PLUGINS}/{number}-vfio-early.install" for number in (10, 55))
SOURCE = images.TREE / "kernel-install/55-vfio-early.install"
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

# What GRUB's plugin in Fedora does, in our words: unless the folder of an entry is there, or a
# UKI is wanted, it writes an entry with one initrd and the words of /etc/kernel/cmdline.
GRUB = f"{PLUGINS}/20-grub.install"
GRUB_STANDIN = b"""#!/bin/sh
entry=/boot/loader/entries/grub-$2.conf
if [ "$1" = remove ]; then
    rm -f "$entry"
elif [ ! -d "$3" ] && [ "$KERNEL_INSTALL_LAYOUT" != uki ]; then
    mkdir -p "${entry%/*}"
    printf '%s\\n' "title $2" "linux /vmlinuz-$2" "initrd /initramfs-$2.img" \\
        "options $(tr -s '[:space:]' ' ' </etc/kernel/cmdline)" >"$entry"
fi
"""
RESCUE = b"title Rescue\noptions    %s quiet\nlinux /linux\ninitrd /initrd\n" % RDINIT.encode()
# systemd 252 has no options for the places.
BESIDE_GRUB = """
set -e
tar -x -f - -C / --no-same-owner --keep-directory-symlink
cp /run/vfio-early/theirs "/boot/initrd.img-$VERSION"
cp /run/vfio-early/theirs "/boot/initramfs-$VERSION.img"
mkdir -p /etc/kernel
echo "$CMDLINE" >/etc/kernel/cmdline
echo "layout=$LAYOUT" >/etc/kernel/install.conf
echo vfio-test >/etc/kernel/entry-token
systemd-machine-id-setup
export BOOT_ROOT=/boot
status=0
kernel-install add "$VERSION" "/boot/vmlinuz-$VERSION" || status=$?
mkdir -p /boot/loader/entries
cp -r /boot/loader/entries /run/vfio-early/out/entries
mkdir -p /sys/bus/pci/devices
vfio-early check --json >/run/vfio-early/out/check || :
kernel-install remove "$VERSION"
ls /boot/loader/entries >/run/vfio-early/out/left
exit $status
"""

# What kernel-install might say: the name, the plugin's words, what is done before and is
# in the environment, and the status.
ASKED = (
    ("removal", "10 remove 6.1 /e", "", 0),
    ("unknown verb", "55 inspect", "", 0),
    ("nothing", "10", "", 0),
    ("no words", "10 add", "layout=bls", 1),
    ("other", "10 add 6.1 /e /k", "layout=other", 1),
    ("no layout", "10 add 6.1 /e /k", "", 1),
    ("auto, as 252 hands it on", "10 add 6.1 /e /k", "layout=auto", 1),
    ("efistub, as in Gentoo", "10 add 6.1 /e /k", "layout=efistub", 1),
    ("grub, as in Gentoo", "55 add 6.1 /e /k", "layout=grub", 0),
    ("grub, and GRUB's plugin", "10 add 6.1 /e /k", "layout=grub; put 20-grub.install", 1),
    ("other, asked late", "55 add 6.1 /e /k", "layout=other", 1),
    ("other, without the word", "10 add 6.1 /e /k", "layout=other; : >$words", 0),
    ("other, a word like it", "10 add 6.1 /e /k", "layout=other; echo $RDINIT/ >$words", 0),
    ("other, in quotes", "10 add 6.1 /e /k", 'layout=other; echo "\\"$RDINIT\\"" >$words', 1),
    ("other, in a comment", "10 add 6.1 /e /k", 'layout=other; echo "# $RDINIT" >$words', 1),
    ("other, in a folder", "10 add 6.1 /e /k", "layout=other; mkdir $words.d; "
     "mv $words $words.d/a; : >$words", 1),
    ("bls", "10 add 6.1 /e /k", "layout=bls", 0),
    ("bls, no folder", "10 add 6.1 /missing /k", "layout=bls", 1),
    ("bls, masked", "10 add 6.1 /e /k", "layout=bls; "
     "ln -s /dev/null $own/90-loaderentry.install", 1),
    ("bls, emptied", "10 add 6.1 /e /k", "layout=bls; : >$own/90-loaderentry.install", 1),
    ("bls, sdbootutil", "10 add 6.1 /e /k", "layout=bls; put 50-sdbootutil.install", 1),
    ("bls, a UKI", "10 add 6.1 /e /k", "layout=bls; export KERNEL_INSTALL_IMAGE_TYPE=uki", 1),
    ("bls, no staging", "10 add 6.1 /e /k", "layout=bls; KERNEL_INSTALL_STAGING_AREA=", 1),
    ("uki", "10 add 6.1 /e /k", "layout=uki", 0),
    ("uki, ukify", "10 add 6.1 /e /k", "layout=uki generator=ukify", 0),
    ("uki, mkinitcpio", "10 add 6.1 /e /k", "layout=uki generator=mkinitcpio", 1),
    ("uki, GRUB", "10 add 6.1 /e /k", "layout=uki; put 20-grub.install", 0),
    ("uki, an older GRUB", "10 add 6.1 /e /k", "layout=uki; put 20-grub.install; "
     "sed -i /LAYOUT/d $own/20-grub.install", 1),
    ("uki, a UKI", "55 add 6.1 /e /k", "layout=uki; export KERNEL_INSTALL_IMAGE_TYPE=uki", 0),
    ("uki, a UKI and ukify", "10 add 6.1 /e /k", "layout=uki; put 60-ukify.install; "
     "export KERNEL_INSTALL_IMAGE_TYPE=uki", 1),
    ("uki, made already", "55 add 6.1 /e /k /i", "layout=uki; : >$staging/uki.efi", 1),
)
ASK = """
words=/etc/kernel/cmdline own=/etc/kernel/install.d staging=/tmp/staging layout= generator=
put() { printf '#!/bin/sh\\n# KERNEL_INSTALL_LAYOUT\\n' >$own/$1; chmod +x $own/$1; }
mkdir -p $own $staging /e
echo "$RDINIT quiet" >$words
export KERNEL_INSTALL_STAGING_AREA=$staging
"""


def other_image(suite: str) -> Image:
    """Return the image that has nothing of ours."""
    standalone = generators.named(GENERATOR)
    assert isinstance(standalone, Standalone)
    theirs = standalone.theirs(ImageSpec(suite=suite, generator=GENERATOR))
    return foresee.image(theirs, {CONFIG_FILE: uki_trials.RULE})


def kept(title: str, script: str, root: roots.Root, theirs: Image, env: dict[str, str],
         files: list[packed.Packed]) -> tuple[int, str, Path]:
    """Run a script, or find it run; return its status, its output and the folder it filled."""
    key = cache.key_of(title, script, root.key, theirs.key, env,
                       [(name, data.hex()) for name, _, _, data in files])

    def build(folder: Path) -> None:
        assert theirs.initrd is not None
        made = root.run(["sh", "-c", script], env=env, stdin=packed.tar(files),
                        binds=[(theirs.initrd, "/run/vfio-early/theirs"),
                               (folder, "/run/vfio-early/out")])
        (folder / "log").write_bytes(made.stdout)
        (folder / "status").write_text(str(made.returncode), encoding="ascii")

    folder = cache.entry("images", key, build)
    return (int((folder / "status").read_text(encoding="ascii")),
            (folder / "log").read_text(encoding="utf-8", errors="replace"), folder)


def install(suite: str, binary: Path, theirs: Image, initrd: str, *words: str,
            ) -> tuple[int, str, Path]:
    """Run kernel-install and return its status, its output and what it made of the ESP."""
    root = roots.root(suite, base=mkinitcpio.PACKAGES)
    files = [*installed(binary), packed.regular(CONFIG_FILE[1:], uki_trials.RULE),
             *(packed.copied(name, SOURCE, 0o755) for name in (BEFORE, PLUGIN))]
    env = {"VERSION": kernels.of_root(root).version, "INITRD": initrd,
           "CMDLINE": " ".join([*words, *qemu.BASE_APPEND])}
    status, log, folder = kept("kernel-install", INSTALL, root, theirs, env, files)
    return status, log, folder / "esp"


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


def beside_grub(suite: str, binary: Path, theirs: Image, layout: str, names: Sequence[str],
                *words: str) -> tuple[int, str, Path]:
    """Run kernel-install with GRUB's plugin; return its status, its output and the entries."""
    root = roots.root(suite, base=mkinitcpio.PACKAGES)
    files = [*installed(binary), packed.regular(CONFIG_FILE[1:], uki_trials.RULE),
             packed.regular(GRUB, GRUB_STANDIN, 0o755),
             packed.regular("boot/loader/entries/id-0-rescue.conf", RESCUE),
             *(packed.copied(name, SOURCE, 0o755) for name in names)]
    env = {"VERSION": kernels.of_root(root).version, "LAYOUT": layout,
           "CMDLINE": " ".join([*words, *qemu.BASE_APPEND])}
    return kept("kernel-install-grub", BESIDE_GRUB, root, theirs, env, files)


def told(folder: Path) -> list[str]:
    """Return the entries of which check says that they panic."""
    findings = json.loads((folder / "check").read_text(encoding="utf-8"))["findings"]
    return [Path(row["subject"].partition(":")[0]).name for row in findings
            if row["topic"] == "entry" and row["result"] == "error"]


def written(folder: Path) -> list[str]:
    """Return the names of the entries but for the rescue entry."""
    return sorted(path.name for path in (folder / "entries").glob("*.conf")
                  if "rescue" not in path.name)


def grub(suite: str, binary: Path, transcript: Path) -> list[str]:
    """GRUB's plugin writes the entry: it panics if we let it, and so we do not."""
    theirs = other_image(suite)
    assert theirs.initrd is not None
    both = (BEFORE, PLUGIN)
    status, log, usual = beside_grub(suite, binary, theirs, "other", both)
    name = f"grub-{theirs.version}.conf"
    if status or "vfio-early:" in log or written(usual) != [name] or name in told(usual):
        return [f"without the word: status {status}, {written(usual)}, {log[-300:]}"]
    status, log, folder = beside_grub(suite, binary, theirs, "other", (PLUGIN,), RDINIT)
    if written(folder) != [name] or "initrd_" in (folder / "entries" / name).read_text("utf-8"):
        return [f"the stand-in writes {written(folder)}"]
    wrong = [] if name in told(folder) else ["check does not tell of that entry"]
    kernel = kernels.of_root(roots.root(suite, base=mkinitcpio.PACKAGES))
    ended = qemu.run(qemu.Machine(kernel.path, theirs.initrd, (), [RDINIT]),
                     transcript.with_suffix(".panic.txt")).ended
    wrong += [] if ended == "panic" else [f"that entry does not panic, but ends with {ended}"]
    status, log, folder = beside_grub(suite, binary, theirs, "other", both, RDINIT)
    transcript.write_text(log, encoding="utf-8")
    if status == 0 or written(folder) or "another program writes the boot entry" not in log:
        wrong.append(f"status {status}, {written(folder)}")
    if (folder / "left").read_text("utf-8") != "id-0-rescue.conf\n":
        wrong.append("not removed")
    return wrong


def bls(suite: str, binary: Path, transcript: Path) -> list[str]:
    """With layout=bls GRUB's plugin does nothing, and dracut's rescue entry is a way back."""
    status, log, folder = beside_grub(suite, binary, other_image(suite), "bls", (BEFORE, PLUGIN),
                                      RDINIT)
    transcript.write_text(log, encoding="utf-8")
    entries = {path.name: path.read_text("utf-8") for path in (folder / "entries").iterdir()}
    rescue = entries.pop("id-0-rescue.conf")
    wrong = [f"check tells of {name}" for name in told(folder)]
    if status or len(entries) != 1:
        wrong.append(f"status {status}, {sorted(entries)}")
    wrong += [f"{name} is without the archive" for name, text in entries.items()
              if RDINIT not in text or "/initrd_vfio-early" not in text]
    if rescue != RESCUE.decode().replace(f"   {RDINIT}", "").replace("  quiet", " quiet"):
        wrong.append(f"the rescue entry is {rescue!r}")
    return wrong


def asked(suite: str, _binary: Path, transcript: Path) -> list[str]:
    """What is asked of the plugin, without a kernel-install."""
    root, wrong, said = roots.root(suite, base=mkinitcpio.PACKAGES), [], []
    for name, command, before, wanted in ASKED:
        number, _, words = command.partition(" ")
        plugin = f"{PLUGINS}/{number}-vfio-early.install"
        lines = [ASK, before, "export KERNEL_INSTALL_LAYOUT=$layout",
                 "export KERNEL_INSTALL_UKI_GENERATOR=$generator", f"exec /{plugin} {words}"]
        made = root.run(["sh", "-c", "\n".join(lines)], env={"RDINIT": RDINIT},
                        binds=[(SOURCE, f"/{plugin}")])
        text = made.stdout.decode(errors="replace")
        said.append(f"{name}: {made.returncode}: {text}")
        if made.returncode != wanted or bool(wanted) != text.startswith("vfio-early: "):
            wrong.append(said[-1])
    transcript.write_text("\n".join(said), encoding="utf-8")
    return wrong


ALL = (Trial("kernel-install-grub", grub, GENERATOR, (BOOKWORM, TRIXIE)),
       Trial("kernel-install-bls", bls, GENERATOR, (BOOKWORM, TRIXIE)),
       Trial("kernel-install-asked", asked, GENERATOR, (TRIXIE,)),
       Trial("kernel-install", two_initrds, GENERATOR, (TRIXIE,), firmware.obstacle, foresees=True),
       Trial("kernel-install-joined", one_initrd, GENERATOR, (TRIXIE,)),
       Trial("kernel-install-alone", no_initrd, GENERATOR, (TRIXIE,)))
