# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all generators of images have in common, and what each has to say about itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Mapping, Optional, Sequence

import images
import packed
import roots
import whole
from images import TREE, Image, ImageSpec
from packed import Packed

GUEST = TREE / "tests/boot/guest"
LIBRARY = "usr/lib/vfio-early"
BINARY = f"{LIBRARY}/vfio-early-boot"
# Of hooks/, all goes to /usr/lib/vfio-early but these.
ELSEWHERE = {"vfio-early.conf.example": "usr/share/doc/vfio-early/vfio-early.conf.example",
             "60-vfio-early.rules": "usr/lib/udev/rules.d/60-vfio-early.rules"}


@dataclass(frozen=True)
class Generator:
    """A generator in one of its modes.

    name     how cells and the command line name it
    packages what its root has, instead of those of roots.PACKAGES
    suites   where it can be had
    script   builds the image: the files are on its standard input
    append   what its images need on the kernel command line
    waiting  and what besides, to come to a verdict in the image itself
    warning  how its log begins a warning of ours
    complete whether the root has all that it looks for: otherwise its status says nothing
    switches whether its images can go on to a root file system
    traces   whether the binder and its report are still there when the verdict is told
    """

    name: str
    script: str = ""
    packages: Sequence[str] = roots.PACKAGES
    suites: Sequence[str] = ("bookworm", "trixie", "sid")
    append: Sequence[str] = ()
    waiting: Sequence[str] = ()
    warning: str = "W: vfio-early: "
    complete: bool = True
    switches: bool = True
    traces: bool = True

    @property
    def baseline(self) -> str:
        """Return the name of the generator whose images this one's are compared with."""
        return self.name

    def obstacle(self) -> Optional[str]:
        """Return why it cannot run here, if that is so."""
        return None

    def version(self, suite: str) -> str:
        """Return the line that says what ran."""
        raise NotImplementedError

    def adapter(self) -> Mapping[str, Path]:
        """Return what a package installs for this generator: path -> source."""
        raise NotImplementedError

    def verdict(self, spec: ImageSpec) -> list[Packed]:
        """Return the files that bring guest scripts into the image, and the verdict.

        Of the latter only what its modules need where the boot is a whole one.
        """
        raise NotImplementedError

    def settings(self, spec: ImageSpec) -> list[Packed]:
        """Return the settings that make an image small and quick to build, with spec.conf."""
        raise NotImplementedError

    def force(self, modules: Sequence[str]) -> Mapping[str, object]:
        """Return the fields of a spec with which an administrator forces drivers in."""
        raise NotImplementedError

    def environment(self, spec: ImageSpec) -> dict[str, str]:
        """Return what the script wants to know besides VERSION."""
        del spec
        return {}

    def wrong_order(self, contents: Mapping[str, bytes]) -> list[str]:
        """Return what in an image shows that we would not be the first."""
        del contents
        return []

    def root(self, suite: str) -> roots.Root:
        """Return the root it runs in."""
        return roots.root(suite, base=self.packages)

    def image(self, spec: ImageSpec, view: Optional[Path] = None) -> Image:
        """Return the image of a spec, built now or found in the cache.

        view: the machine that the generator sees, of machine_view.
        """
        root = self.root(spec.suite)
        kernel = images.kernel_of(root, spec)
        image = images.Build(
            title=f"{spec.suite}, {self.name}, modules {spec.modules}", root=root,
            kernel=kernel, script=self.script,
            files=[*self.files(spec), *images.administrators_files(spec),
                   *self.verdict(spec), *self.settings(spec)],
            env={**self.environment(spec), "VIEW": view.name if view else ""},
            binds=[*images.depmod_bind(spec), *([(view / "sys", "/sys")] if view else [])],
            proc=view / "proc" if view else None,
            append=[*self.append, *(whole.APPEND if spec.whole else self.waiting)]).image()
        if not spec.whole:
            return image
        return replace(image, disk=whole.disk(
            spec.suite, kernel, images.kernel_binds(kernel),
            [*spec.test_modules, *images.VFIO_MODULES]))

    def files(self, spec: ImageSpec) -> list[Packed]:
        """Return what a package installs: the binder, hooks/ and the adapter."""
        made = packed.installed({**shared(), **self.adapter()}) if spec.adapter else []
        if spec.binary is not None:
            made.append(packed.copied(BINARY, spec.binary, 0o755))
        return made


def shared() -> dict[str, Path]:
    """Return what all adapters share: path -> source."""
    return {ELSEWHERE.get(source.name, f"{LIBRARY}/{source.name}"): source
            for source in sorted((TREE / "hooks").iterdir())}


def guest(name: str) -> Path:
    """Return a script of the tests that runs in the guest."""
    return GUEST / name
