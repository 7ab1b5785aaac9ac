# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stand-alone archive of `vfio-early image`, with another generator's image.

That image has nothing of ours in it; it is the same for all cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Mapping, Optional, Sequence

import cache
import images
import kernels
import packed
import roots
from generators import dracut, initramfs_tools, mkinitcpio
from generators.base import BINARY, LIBRARY, Generator, shared
from images import Image, ImageError, ImageSpec
from packed import Packed

RDINIT = "rdinit=/vfio-early/init"
# What spec.conf may set, and its usual values.
USUAL = {"place": "before", "kernels": "", "without": ""}
PLACES = ("before", "after")
INIT = "vfio-early-init"

ARCHIVE = """
set -e
tar -x -f - -C / --no-same-owner --keep-directory-symlink
out=/run/vfio-early/out
set --
for kernel in $KERNELS; do
    set -- "$@" --kernel "$kernel"
done
vfio-early image -o "$out/initrd" "$@"
if [ -n "$WITHOUT" ]; then
    mkdir /tmp/tree
    cd /tmp/tree
    cpio -id --quiet <"$out/initrd"
    rm -r $WITHOUT
    find vfio-early | cpio -o -H newc --quiet >"$out/initrd"
fi
"""

# The image in front gets a length that is no multiple of four: zeros behind it do no harm.
APPENDED = """
set -e
tar -x -f - -C / --no-same-owner --keep-directory-symlink
cp /run/vfio-early/theirs /tmp/theirs
until [ $(($(stat -c %s /tmp/theirs) % 4)) -eq 1 ]; do
    printf '\\0' >>/tmp/theirs
done
set --
for kernel in $KERNELS; do
    set -- "$@" --kernel "$kernel"
done
vfio-early image -o /run/vfio-early/out/initrd --initrd /tmp/theirs "$@"
"""


@dataclass(frozen=True)
class Standalone(Generator):
    """spec.conf: lines place=before|after (the other image), kernels=SUITE... (whose kernels
    the archive is for; usually that of the image), without=PATH... (taken out of the archive).
    """

    inner: Generator = field(default_factory=Generator)

    @property
    def baseline(self) -> str:
        return self.inner.baseline

    def obstacle(self) -> Optional[str]:
        return self.inner.obstacle()

    def version(self, suite: str) -> str:
        return self.inner.version(suite)

    def root(self, suite: str) -> roots.Root:
        return self.inner.root(suite)

    def files(self, spec: ImageSpec) -> list[Packed]:
        return installed(spec.binary)

    def force(self, modules: Sequence[str]) -> Mapping[str, object]:
        return self.inner.force(modules)

    def image(self, spec: ImageSpec, view: Optional[Path] = None) -> Image:
        asked = settings(spec)
        theirs = self.theirs(spec, view)
        if theirs.initrd is None:
            raise ImageError(f"{self.inner.name} made no image: status {theirs.status}")
        if asked["place"] == "before":
            ours = self.archive(spec)
            initrd = joined(ours, theirs)
        else:
            ours = self.archive(spec, APPENDED, {"THEIRS": theirs.key},
                                [(theirs.initrd, "/run/vfio-early/theirs")])
            initrd = ours.initrd
        return replace(theirs, initrd=initrd, log=ours.log, status=ours.status,
                       append=(RDINIT, *theirs.append))

    def theirs(self, spec: ImageSpec, view: Optional[Path] = None) -> Image:
        """Return the other image alone."""
        return self.inner.image(replace(
            spec, generator=self.inner.name, binary=None, adapter=False, config=None, dropins={},
            vendor_dropins={}, modprobe_d={}, conf=""), view)

    def archive(self, spec: ImageSpec, script: str = ARCHIVE, env: Mapping[str, str] = {},
                binds: Sequence[roots.Bind] = ()) -> Image:
        """Return the stand-alone archive alone, as an image."""
        asked, root = settings(spec), self.root(spec.suite)
        usual = images.kernel_of(root, spec)
        made_for = [kernels.of_root(roots.root(suite)) for suite in asked["kernels"].split()]
        return images.Build(
            title=f"{spec.suite}, stand-alone archive", root=root, script=script,
            # Of an archive for several kernels there is only one, whatever is booted.
            kernel=made_for[0] if made_for else usual,
            files=[*self.files(spec), *images.administrators_files(spec)],
            env={"KERNELS": " ".join(k.version for k in made_for or [usual]),
                 "WITHOUT": asked["without"], **env},
            binds=[*(b for k in made_for[1:] for b in images.kernel_binds(k)), *binds]).image()


def settings(spec: ImageSpec) -> dict[str, str]:
    """Return what spec.conf asks for."""
    given = dict(line.partition("=")[::2] for line in spec.conf.splitlines())
    if not given.keys() <= USUAL.keys() or given.get("place", "before") not in PLACES:
        raise ImageError(f"expected lines of {', '.join(USUAL)}, not {spec.conf!r}")
    return {**USUAL, **given}


def installed(binary: Optional[Path]) -> list[Packed]:
    """Return what a package installs for `vfio-early image`."""
    if binary is None:
        raise ImageError("no stand-alone archive without the programs")
    return [*packed.installed(shared()), packed.copied(BINARY, binary, 0o755),
            packed.copied(f"{LIBRARY}/{INIT}", binary.with_name(INIT), 0o755),
            packed.copied("usr/bin/vfio-early", binary.with_name("vfio-early"), 0o755)]


def joined(ours: Image, theirs: Image) -> Optional[Path]:
    """Return the archive with the image behind it, as `cat` makes it."""
    if ours.initrd is None or theirs.initrd is None:
        return None
    parts = [ours.initrd, theirs.initrd]

    def build(folder: Path) -> None:
        (folder / "initrd").write_bytes(b"".join(part.read_bytes() for part in parts))

    return cache.entry("images", cache.key_of("joined", ours.key, theirs.key), build) / "initrd"


ALL = tuple(Standalone(f"standalone-{inner.name}", append=inner.append, waiting=inner.waiting,
                       packages=inner.packages, suites=inner.suites, switches=inner.switches,
                       warning="vfio-early: warning: ", traces=False,
                       inner=inner)
            for inner in (*initramfs_tools.ALL, *dracut.ALL, *mkinitcpio.ALL))
