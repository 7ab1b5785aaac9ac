# SPDX-License-Identifier: LGPL-2.1-or-later
"""`vfio-early check` on images that the generators built: nothing is booted.

Each trial puts together what a system with the image has: the machine of a capture, its
configuration, the kernel's modules, the image in /boot, what our package installs. check has
to find that all is well, and then, one change after the other, what is wrong.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Callable, Iterator, Optional, Sequence

import generators
import images
import uki_trials
from cells import BOOKWORM, TRIXIE
from generators.base import Generator
from generators.standalone import RDINIT, Standalone
from images import Image, ImageSpec
from trials import Trial

MACHINE = images.TREE / "tests/machines/laptop-hybrid"
CONFIG = "etc/vfio-early.conf"
# Which tool made the image, as check finds it out, and how the image is called then.
TOOLS = {"dracut": ("usr/bin/dracut", "initramfs-{}.img"),
         "mkinitcpio": ("usr/bin/mkinitcpio", "initramfs-{}.img"),
         "initramfs-tools": ("usr/sbin/update-initramfs", "initrd.img-{}")}


def unpack_capture(text: str, root: Path) -> None:
    """Unpack a capture, with the reader of tests/checks/machines."""
    path = str(images.TREE / "tests/checks/machines")
    loader = importlib.machinery.SourceFileLoader("machines", path)
    spec = importlib.util.spec_from_loader("machines", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    module.unpack(text, root)


def tool_of(generator: Generator) -> tuple[str, str]:
    """Return the tool's file, and the pattern of its images' names."""
    return next(tool for name, tool in TOOLS.items() if name in generator.name)


def put(root: Path, name: str, data: bytes = b"", mode: int = 0o644) -> None:
    """Write one file of a system."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


@contextmanager
def system(spec: ImageSpec, image: Image) -> Iterator[Path]:
    """Yield a folder with a system that has the image as it is installed."""
    generator = generators.named(spec.generator)
    tool, name = tool_of(generator)
    kernel = images.kernel_of(generator.root(spec.suite), spec)
    assert isinstance(spec.config, bytes) and image.initrd is not None
    with tempfile.TemporaryDirectory(prefix="vfio-early-check.") as scratch:
        root = Path(scratch)
        unpack_capture((MACHINE / "capture.txt").read_text("utf-8"), root)
        put(root, "proc/sys/kernel/osrelease", f"{image.version}\n".encode())
        for path, _, mode, data in generator.files(spec):
            put(root, path, data, mode)
        put(root, CONFIG, spec.config)
        put(root, tool)
        (root / "boot").mkdir()
        shutil.copyfile(image.initrd, root / "boot" / name.format(image.version))
        (root / "usr/lib/modules").mkdir()
        (root / "usr/lib/modules" / image.version).symlink_to(kernel.modules)
        yield root


def check(root: Path) -> tuple[int, list[dict[str, Optional[str]]], str]:
    """Return the exit status of check, its findings, and what it said besides."""
    made = subprocess.run([images.TREE / "build/vfio-early", "check", "--json",
                           f"--sysroot={root}"], check=False, capture_output=True, text=True)
    return made.returncode, json.loads(made.stdout)["findings"], made.stderr


def wrong_findings(title: str, root: Path, transcript: Path, status: int,
                   wanted: Sequence[tuple[str, str, str]] = ()) -> list[str]:
    """Compare with the findings that are wanted beside good ones: result, topic, text."""
    found_status, findings, said = check(root)
    with open(transcript, "a", encoding="utf-8") as stream:
        stream.write(f"{title}: {found_status}\n{json.dumps(findings, indent=1)}\n{said}")
    wrong = [] if found_status == status else [f"{title}: ended with {found_status}"]
    rest = [row for row in findings if row["result"] in ("warning", "error")]
    for result, topic, text in wanted:
        match = next((row for row in rest if (row["result"], row["topic"]) == (result, topic)
                      and text in (row["what"] or "") and row["why"] and row["fix"]), None)
        if match:
            rest.remove(match)
        else:
            wrong.append(f"{title}: no {result} about {topic} with {text!r}")
    return wrong + [f"{title}: {row['subject']}: {row['what']}" for row in rest]


def wrong_status(root: Path, wanted: str) -> list[str]:
    """Return what is wrong with what status says: whether the images have the devices' rules."""
    made = subprocess.run([images.TREE / "build/vfio-early", "status", "--json", "--quiet",
                           f"--sysroot={root}"], check=False, capture_output=True, text=True)
    told = {row["in_image"] for row in json.loads(made.stdout)["devices"]
            if row["configured"] == "would-bind"}
    return [] if told == {wanted} else [f"status says {told} of the image, not {wanted}"]


def good_image(findings: Sequence[dict[str, Optional[str]]]) -> list[str]:
    """Return what is wrong where no image is said to be good."""
    if any(row["topic"] == "image" and row["result"] == "ok" for row in findings):
        return []
    return ["no image is said to be good"]


def whole(name: str) -> Callable[[str, Path, Path], list[str]]:
    """Return the test of one generator's images."""
    def test(suite: str, binary: Path, transcript: Path) -> list[str]:
        config = (MACHINE / "vfio-early.conf").read_bytes()
        spec = ImageSpec(suite=suite, generator=name, binary=binary, config=config)
        generator = generators.named(name)
        alone = isinstance(generator, Standalone)
        with system(spec, generator.image(spec)) as root:
            if alone:
                line = (root / "proc/cmdline").read_text("utf-8")
                put(root, "proc/cmdline", f"{RDINIT} {line}".encode())
            wrong = wrong_findings("as built", root, transcript, 0) + good_image(check(root)[1])
            wrong += wrong_status(root, "yes")
            put(root, CONFIG, config + b"# later\n")
            wrong += wrong_status(root, "no")
            wrong += wrong_findings("other config", root, transcript, 2, [
                ("error", "image", "/etc/vfio-early.conf is not the one on the disk")])
            put(root, CONFIG, config)
            put(root, f"{CONFIG}.d/10-more.conf", b"keep 00:1f.3\n")
            wrong += wrong_findings("another file", root, transcript, 2, [
                ("error", "image", "/etc/vfio-early.conf.d/10-more.conf is not in it")])
            (root / f"{CONFIG}.d/10-more.conf").unlink()
            put(root, "usr/lib/vfio-early/vfio-early-boot", b"another", 0o755)
            wrong += wrong_findings("other binder", root, transcript, 1, [
                ("warning", "image", "another build of vfio-early")])
        return wrong + without(spec, generator, transcript)
    return test


def without(spec: ImageSpec, generator: Generator, transcript: Path) -> list[str]:
    """Return what is wrong with findings about an image that has nothing of ours."""
    if isinstance(generator, Standalone):
        bare = generator.theirs(spec)
    else:
        bare = generator.image(replace(spec, adapter=False, binary=None, config=None))
    with system(spec, bare) as root:
        return wrong_findings("nothing of ours", root, transcript, 2, [
            ("error", "image", "vfio-early is not in it")])


def uki(suite: str, binary: Path, transcript: Path) -> list[str]:
    """A unified kernel image without us, with half of the addon beside it, and with all."""
    config = (MACHINE / "vfio-early.conf").read_bytes()
    spec = ImageSpec(suite=uki_trials.IMAGE_SUITE, generator=uki_trials.GENERATOR, binary=binary,
                     config=config)
    generator = generators.named(spec.generator)
    assert isinstance(generator, Standalone)
    theirs, ours = generator.theirs(spec), generator.archive(spec)
    made = uki_trials.built(suite, theirs, ours)
    with system(spec, theirs) as root:
        for path in (root / "boot").iterdir():
            path.unlink()
        entry = root / "efi/EFI/Linux/linux.efi"
        entry.parent.mkdir(parents=True)
        shutil.copyfile(made / "uki.efi", entry)
        wrong = wrong_findings("alone", root, transcript, 2, [
            ("error", "image", "vfio-early is not in it")])
        addon = entry.parent / "linux.efi.extra.d/vfio-early.addon.efi"
        addon.parent.mkdir()
        shutil.copyfile(made / "word.efi", addon)
        wrong += wrong_findings("with the word", root, transcript, 2, [
            ("error", "image", "(rdinit=/vfio-early/init), which is not in it")])
        shutil.copyfile(made / "addon.efi", addon)
        return wrong + wrong_findings("with the addon", root, transcript, 0) \
            + good_image(check(root)[1])


ALL = (*(Trial("check", whole(name), name, suites,
               generators.named(name).obstacle)
         for name, suites in (
             ("initramfs-tools", (BOOKWORM, TRIXIE)), ("dracut", (BOOKWORM, TRIXIE)),
             ("dracut-no-systemd", (TRIXIE,)), ("mkinitcpio-busybox", (TRIXIE,)),
             ("mkinitcpio-systemd", (TRIXIE,)), ("mkinitcpio-standin-systemd", (TRIXIE,)),
             ("standalone-initramfs-tools", (TRIXIE,)))),
       Trial("check-uki", uki, uki_trials.GENERATOR, (TRIXIE,)))
