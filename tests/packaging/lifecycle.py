# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of the Debian package in a system with a generator: installed, its image booted,
configured, upgraded, removed, its image booted, purged.

Images come of dpkg's triggers and of the package's own scripts only, as on any system.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Mapping

import debian
import foresee
import generators
import images
import overlay
import packed
import qemu
import topologies as top
import verdict as verdicts
from generators.dracut import OMIT
from images import ImageSpec

CARD = top.address(1)
DROPIN = "etc/vfio-early.conf.d/cards.conf"
# What a tool prints when it makes an image, and how often one is made in a section.
MAKES = re.compile(r"^(?:update-initramfs|dracut): Generating", re.MULTILINE)
MADE = {"install": 1, "upgrade": 1, "remove": 1, "purge": 0}
EDIT = "# an edit of the administrator's"
# The administrator's switch for the unit that is off as installed.
WANTED = "/etc/systemd/system/multi-user.target.wants/vfio-early-rebuild.path"
DEB = "/run/vfio-early/vfio-early.deb"

# The administrator's drop-in is there before, so that the image of the installation has it.
LIFE = """
set -e
export DEBIAN_FRONTEND=noninteractive
out=/run/vfio-early/out
image=/boot/initrd.img-$VERSION
tar -x -f - -C / --no-same-owner --keep-directory-symlink
# section NAME: what comes from here on
section() { echo "@section $1"; }

section before
if command -v update-initramfs; then update-initramfs -c -k "$VERSION"; else
    /etc/kernel/postinst.d/dracut "$VERSION"
fi
section install
apt-get install -y --no-install-recommends "$DEB"
cp "$image" $out/installed
cat /etc/vfio-early.conf
section enabled
ls -d /etc/systemd/system/*.wants/vfio-early* || :

section edit
echo "$EDIT" >>/etc/vfio-early.conf
vfio-early rebuild
cp "$image" $out/edited
# As "systemctl enable" does, which is not in every root.
mkdir -p "${WANTED%/*}"
ln -s /usr/lib/systemd/system/vfio-early-rebuild.path "$WANTED"

section upgrade
dpkg-deb -R "$DEB" /tmp/newer
sed -i 's/^Version: .*/&+1/' /tmp/newer/DEBIAN/control
dpkg-deb -b /tmp/newer /tmp/newer.deb
apt-get install -y --no-install-recommends /tmp/newer.deb </dev/null
dpkg-query -W -f '${Version}\\n' vfio-early
section upgraded
cat /etc/vfio-early.conf
cp "$image" $out/upgraded
section still-enabled
ls "$WANTED" || :

section remove
apt-get remove -y vfio-early
cp "$image" $out/removed
section removed
cat /etc/vfio-early.conf

section purge
apt-get purge -y vfio-early
cp "$image" $out/purged
section left
ls -d /etc/vfio-early.conf /etc/vfio-early.conf.d /usr/bin/vfio-early /usr/lib/vfio-early \\
    /var/lib/systemd/deb-systemd-helper-*/vfio-early* "$WANTED" || :
cat /var/lib/dpkg/info/vfio-early* || :
section end
"""


def settings(generator: generators.Generator, spec: ImageSpec) -> list[packed.Packed]:
    """Return the test's own files: what ends the boot, and a quick way to make an image."""
    files = [*generator.verdict(spec), *generator.settings(spec),
             packed.regular(DROPIN, b"01:00.0\n")]
    if generator.name == "dracut":
        files.append(packed.regular("etc/dracut.conf.d/91-omit.conf",
                                    f'omit_dracutmodules+=" {OMIT} "\n'.encode()))
    return files


def sections(log: str) -> dict[str, str]:
    """Return what was printed in each section."""
    parts = log.split("@section ")[1:]
    return {part.partition("\n")[0].strip(): part.partition("\n")[2] for part in parts}


def wrong_words(said: Mapping[str, str]) -> list[str]:
    """Return what is not as it should be before anything is booted."""
    if "end" not in said:
        name = list(said)[-1] if said else "the beginning"
        return [f"the script ended in {name}: {said.get(name, '')[-600:]}"]
    wrong = []
    own = (debian.TOP / "packaging/vfio-early.conf").read_text(encoding="utf-8")
    if own not in said["install"]:
        wrong.append("as installed, the configuration is not the package's")
    rules = [line for line in own.splitlines() if line.strip() and not line.startswith("#")]
    wrong += [f"the package's configuration is not inert: {line}" for line in rules]
    wrong += [f"switched on without being asked for: {line}"
              for line in said["enabled"].splitlines() if line.startswith("/")]
    wrong += [f"{when}, the configuration is {said[when]!r}" for when in ("upgraded", "removed")
              if said[when] != f"{own}{EDIT}\n"]
    wrong += [f"{name}: {len(MAKES.findall(said[name]))} images were made, not {count}"
              for name, count in MADE.items() if len(MAKES.findall(said[name])) != count]
    if WANTED not in said["still-enabled"].split():
        wrong.append("the upgrade switched the unit off that the administrator had switched on")
    if "+1\n" not in said["upgrade"]:
        wrong.append("the newer package was not installed")
    if "/etc/vfio-early.conf.d\n" not in said["left"]:
        wrong.append("the administrator's drop-in is gone")
    left = [line for line in said["left"].splitlines() if line.startswith("/")
            and line != "/etc/vfio-early.conf.d"]
    return wrong + [f"purged, and still there: {line}" for line in left]


def wrong_images(folder: Path, generator: str) -> list[str]:
    """Return what the images have and should not have, or lack."""
    wrong = []
    for name, ours in (("installed", True), ("edited", True), ("upgraded", True),
                       ("removed", False), ("purged", False)):
        contents = debian.image_files(folder / name)
        if len(contents) < 100:
            wrong.append(f"{name}: only {len(contents)} files in the {generator} image")
        traces = sorted(path for path in contents if "vfio-early" in path)
        has = any(path.endswith("lib/vfio-early/vfio-early-boot") for path in traces)
        if ours != has or (traces and not ours):
            wrong.append(f"{name}: of ours, the image has {traces}")
        if ours and contents.get(DROPIN) != b"01:00.0\n":
            wrong.append(f"{name}: the image has not the drop-in")
        config = contents.get("etc/vfio-early.conf", b"").decode()
        if ours and (EDIT in config) != (name != "installed"):
            wrong.append(f"{name}: the image has the configuration {config!r}")
    # Of the two, the first is booted.
    if (folder / "removed").read_bytes() != (folder / "purged").read_bytes():
        wrong.append("purged: the image is another one than after the removal")
    return wrong


def boot(root_kernel: Path, initrd: Path, generator: generators.Generator,
         transcript: Path) -> verdicts.Verdict:
    """Boot an image to its verdict, with the host's program, which says what check foresees."""
    asking = overlay.put_over(initrd, foresee.with_program({}), initrd.with_suffix(".asking"))
    machine = qemu.Machine(root_kernel, asking, top.TWIN_GPUS.options,
                           [*generator.append, *generator.waiting])
    result = qemu.run(machine, transcript)
    if result.ended != "poweroff":
        raise verdicts.Incomplete(f"the boot ended with {result.ended}: {result.message[-300:]}")
    return verdicts.parse(result.console)


def wrong_boots(taken: verdicts.Verdict, native: verdicts.Verdict) -> list[str]:
    """Return what is wrong with the boot of the installed image, and with that of the removed."""
    wrong = [f"removed: {line}" for line in native.log]
    wrong += [f"removed: {a} is on {native.functions[a].driver}, not on {driver}"
              for a, driver in top.TWIN_GPUS.native.items()
              if native.functions[a].driver != driver]
    wrong += [line for verdict in (taken, native) for line in verdicts.wrong_foreseen(verdict, {})]
    wrong += verdicts.wrong_drivers(taken, native, {CARD: "vfio-pci"})
    return wrong + verdicts.wrong_vfio(taken) + \
        verdicts.wrong_log(taken, {CARD: "vfio-pci"}, late=0, summary=True)


def trial(suite: str, name: str, keep: Path) -> list[str]:
    """Follow the package of a suite through its life with a generator, and boot twice."""
    generator = generators.named(name)
    spec = ImageSpec(suite=suite, generator=name)
    root = generator.root(suite)
    kernel = images.kernels.of_root(root)
    with tempfile.TemporaryDirectory(prefix="vfio-early-life.") as scratch:
        folder = Path(scratch)
        done = root.run(["sh", "-c", LIFE], stdin=packed.tar(settings(generator, spec)),
                        env={"VERSION": kernel.version, "DEB": DEB, "EDIT": EDIT,
                             "WANTED": WANTED},
                        binds=[(debian.package(suite, debian.QUICK).deb, DEB), (folder, "/run/vfio-early/out")])
        log = done.stdout.decode(errors="replace")
        (keep / f"life-{suite}-{name}.log").write_text(log, encoding="utf-8")
        wrong = wrong_words(sections(log))
        if "end" not in sections(log):
            return wrong
        wrong += wrong_images(folder, name)
        boots = [boot(kernel.path, folder / image, generator,
                      keep / f"life-{suite}-{name}-{image}.txt")
                 for image in ("installed", "removed")]
    return wrong + wrong_boots(*boots)
