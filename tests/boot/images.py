# SPDX-License-Identifier: LGPL-2.1-or-later
"""What images are made of, whatever generator makes them; the generators are in generators/."""

import functools
import json
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable, Iterator, Mapping, Optional, Sequence, Tuple, Union

import cache
import hang
import kernels
import packed
import roots
import variant
from packed import Packed
from topologies import Topology

TREE = Path(__file__).resolve().parent.parent.parent
TEST_MODULES = ("bochs", "bochs_drm", "cirrus", "cirrus_qemu", "e1000e", "igb", "nvme", "xhci_pci",
                "ehci_pci", "snd_hda_intel", "snd_hda_codec_generic", "virtio_pci",
                "virtio_gpu", "virtio_blk", "ahci", "sd_mod", "ext4", "usbhid",
                "hid_generic", "simpledrm")
VFIO_MODULES = ("vfio-pci", "vfio_iommu_type1", "iommufd")
RECIPE = 1  # raise it when what this file puts into an image changes

# What a config can be instead of bytes: something else, or a link (to a file whose reading
# fails, or to itself).
CONFIG_KINDS: Mapping[str, Callable[[str], Packed]] = {
    "directory": packed.folder,
    "fifo": packed.fifo,
    **{kind: functools.partial(packed.link, target=target) for kind, target in (
        ("dangling", "/nonexistent/vfio-early.conf"), ("unreadable", "/proc/self/mem"),
        ("masked", "/dev/null"), ("loop", "vfio-early.conf"))}}

SQUEEZE = {"gz": "gzip -1", "xz": "xz -0 --check=crc32", "zst": "zstd -q -1 --rm"}
FORMATS = ("ko", *SQUEEZE)

# Debian's depmod is built without zlib and does not see .ko.gz; this one does.
DEPMOD_TARGET = "depmod-with-zlib"
DEPMOD = "run/vfio-early/depmod"

# Makes a modules folder with some modules left out or stored in another format.
MODULES = """
set -e
from=/lib/modules/$VERSION
to=/run/vfio-early/out/lib/modules/$VERSION
mkdir -p "$to"
cp "$from/modules.builtin" "$from/modules.builtin.modinfo" "$from/modules.order" "$to"
if [ -n "$NAMES" ]; then
    {
        modprobe -a -S "$VERSION" -q -D -i $NAMES || :
        modprobe -a -S "$VERSION" -q -D $NAMES || :
    } | sed -n 's/^insmod \\([^ ]*\\).*/\\1/p' | sort -u
else
    find "$from/" -name '*.ko*'
fi | while read -r file; do
    path=${file#*/lib/modules/$VERSION/}
    name=$(basename "${path%.ko*}" | tr - _)
    case " $WITHOUT " in *" $name "*) continue ;; esac
    mkdir -p "$to/${path%/*}"
    case $FORMAT:$file in
    :*) cp "$file" "$to/$path" ;;
    *.xz) xz -dc "$file" >"$to/${path%.xz}" ;;
    *.zst) zstd -dcq "$file" >"$to/${path%.zst}" ;;
    *) cp "$file" "$to/$path" ;;
    esac
done
if [ -d /run/vfio-early/more ]; then
    cp -r /run/vfio-early/more "$to/updates"
fi
if [ -n "$SQUEEZE" ]; then
    find "$to" -path "$ONLY" -name '*.ko' -print0 | xargs -0r -n 50 -P 4 $SQUEEZE
fi
if [ -x /run/vfio-early/depmod ]; then
    ln -sf /run/vfio-early/depmod /usr/sbin/depmod
fi
depmod -b /run/vfio-early/out "$VERSION"
"""


class ImageError(Exception):
    """An image was asked for that cannot be made."""


@dataclass(frozen=True)
class ImageSpec:
    """What goes into an image; every field has a usual value.

    kernel: "distribution", "small", ("suite", other suite), or "missing" (a version without
    modules). config: None for no file, its bytes, or a kind of CONFIG_KINDS. A drop-in that
    is None becomes a link to /dev/null. modules: "list" (only test_modules and what hooks
    add: quick), or "most" and the others of initramfs.conf(5). module_format: None (as the
    distribution has them), "ko", "gz", "xz" or "zst"; hang: whether there is the module
    vfio-hang besides, variant: the driver of variant.py. whole: for a boot to the login prompt of a root file system. files: any
    more files by absolute path.
    generator: a name of generators.ALL; conf: lines for its own configuration file, at the
    end. scripts: of guest/, to run before us, where a generator has a place for such.
    machine: the one that the generator sees instead of this one. verdict: the script of
    guest/ that ends the boot.
    """

    suite: str = "trixie"
    kernel: Union[str, Tuple[str, str]] = "distribution"
    binary: Optional[Path] = TREE / "build/vfio-early-boot"
    adapter: bool = True
    config: Union[None, bytes, str] = None
    config_mode: int = 0o644
    dropins: Mapping[str, Optional[bytes]] = field(default_factory=dict)
    vendor_dropins: Mapping[str, Optional[bytes]] = field(default_factory=dict)
    modprobe_d: Mapping[str, bytes] = field(default_factory=dict)
    modules: str = "list"
    test_modules: Sequence[str] = TEST_MODULES
    scripts: Sequence[str] = ()
    module_format: Optional[str] = None
    without_modules: Sequence[str] = ()
    hang: bool = False
    variant: bool = False
    machine: Optional[Topology] = None
    verdict: str = "verdict"
    whole: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)
    generator: str = "initramfs-tools"
    conf: str = ""


@dataclass(frozen=True)
class Image:
    """What a build gave: status is the generator's, log its output, initrd None if none.

    append: what such an image needs on the kernel command line to come to its verdict.
    disk: the root file system to go on to, if any.
    """

    kernel: Path
    version: str
    initrd: Optional[Path]
    log: str
    status: int
    key: str
    append: Sequence[str] = ()
    disk: Optional[Path] = None

    def warnings(self) -> list[str]:
        """Return the lines of the build's log that are ours."""
        return [line for line in self.log.splitlines() if "vfio-early: " in line]

    def contents(self) -> dict[str, bytes]:
        """Return the files of the image by path; a link has its target as contents."""
        if self.initrd is None:
            return {}
        return dict(_unpack(self.initrd.read_bytes()))


def _unpack(data: bytes) -> Iterator[Tuple[str, bytes]]:
    """Yield the members of an initrd: cpio archives in a row, the last one compressed."""
    at = 0
    while at < len(data):
        if data[at:at + 4] == b"\x28\xb5\x2f\xfd":
            plain = subprocess.run(["zstd", "-dcq"], input=data[at:], check=True,
                                   stdout=subprocess.PIPE)
            yield from _unpack(plain.stdout)
            return
        if data[at:at + 6] != b"070701":
            at += 4
            continue
        size = int(data[at + 54:at + 62], 16)
        name_size = int(data[at + 94:at + 102], 16)
        body = (at + 110 + name_size + 3) & ~3
        name = data[at + 110:at + 109 + name_size].decode()
        if name != "TRAILER!!!":
            yield name.lstrip("./"), data[body:body + size]
        at = (body + size + 3) & ~3


@dataclass(frozen=True)
class Build:
    """One run of a generator in a root: the script gets the files on its standard input."""

    title: str
    root: roots.Root
    kernel: kernels.Kernel
    script: str
    files: Sequence[Packed]
    env: Mapping[str, str] = field(default_factory=dict)
    binds: Sequence[roots.Bind] = ()
    append: Sequence[str] = ()
    proc: Optional[Path] = None

    def image(self) -> Image:
        """Return the image, built now or found in the cache."""
        kernel = self.kernel
        key = cache.key_of("image", RECIPE, self.script, self.root.key, kernel.key, self.env,
                           [(name, kind, mode, data.hex())
                            for name, kind, mode, data in self.files])
        folder = cache.entry("images", key, lambda new: self._run(key, new))
        initrd = folder / "initrd"
        return Image(kernel.path, kernel.version, initrd if initrd.exists() else None,
                     (folder / "log").read_text(encoding="utf-8", errors="replace"),
                     json.loads((folder / "status").read_text(encoding="ascii")), key,
                     self.append)

    def _run(self, key: str, folder: Path) -> None:
        """Fill a cache entry; what a signal ended is no result and is not kept."""
        result = self.root.run(
            ["sh", "-c", self.script], env={"VERSION": self.kernel.version, **self.env},
            binds=[*kernel_binds(self.kernel), *self.binds, (folder, "/run/vfio-early/out")],
            stdin=packed.tar(self.files), proc=self.proc)
        if result.returncode < 0 or result.returncode > 128:
            raise ImageError(f"{self.title}: interrupted with status {result.returncode}")
        (folder / "log").write_bytes(result.stdout)
        (folder / "status").write_text(json.dumps(result.returncode), encoding="ascii")
        cache.say(f"image {key[:8]}: {self.title}, {self.kernel.version}: "
                  f"status {result.returncode}")


def kernel_of(root: roots.Root, spec: ImageSpec) -> kernels.Kernel:
    """Return the kernel a spec names, with its modules as the spec wants them."""
    return _with_modules(root, spec, _kernel(root, spec))


def _kernel(root: roots.Root, spec: ImageSpec) -> kernels.Kernel:
    """Return the kernel a spec names."""
    if spec.kernel == "small":
        return kernels.small_kernel()
    if spec.kernel == "distribution":
        return kernels.of_root(root)
    if spec.kernel == "missing":
        present = kernels.of_root(root)
        return replace(present, version="0.0.0-missing", modules=Path("/nonexistent"),
                       key=cache.key_of(present.key, "missing"))
    if isinstance(spec.kernel, tuple) and spec.kernel[0] == "suite":
        return kernels.of_root(roots.root(spec.kernel[1]))
    raise ImageError(f"no such kernel: {spec.kernel!r}")


def _with_modules(root: roots.Root, spec: ImageSpec, kernel: kernels.Kernel) -> kernels.Kernel:
    """Return the kernel with its modules as the spec wants them stored, or left out."""
    if spec.module_format is None and not spec.without_modules and not (
            spec.hang or spec.variant):
        return kernel
    if spec.module_format not in (None, *FORMATS):
        raise ImageError(f"no module format {spec.module_format}, but {', '.join(FORMATS)}")
    names = [*spec.test_modules, *VFIO_MODULES] if spec.modules == "list" else []
    given = {"VERSION": kernel.version, "NAMES": " ".join(names),
             "WITHOUT": " ".join(name.replace("-", "_") for name in spec.without_modules),
             "FORMAT": spec.module_format or "",
             # The image's own modprobe has no zlib either: it needs all others as they are.
             "ONLY": "*/vfio/*" if spec.module_format == "gz" else "*",
             "SQUEEZE": SQUEEZE.get(spec.module_format or "", "")}
    more = []
    if spec.hang:
        suite = spec.kernel[1] if isinstance(spec.kernel, tuple) else spec.suite
        more = [(hang.built(suite, kernel), "/run/vfio-early/more")]
    elif spec.variant:
        more = [(variant.built(kernel), "/run/vfio-early/more")]
    key = cache.key_of("modules", MODULES, root.key, kernel.key, given, more)

    def build(folder: Path) -> None:
        result = root.run(["sh", "-c", MODULES], env=given,
                          binds=[*kernel_binds(kernel), *depmod_bind(spec), *more,
                                 (folder, "/run/vfio-early/out")])
        if result.returncode:
            raise ImageError(f"modules: {result.stdout.decode(errors='replace')[-2000:]}")
        cache.say(f"modules {key[:8]}: {kernel.version} stored as {spec.module_format}, "
                  f"without {given['WITHOUT'] or 'none'}")

    folder = cache.entry("modules", key, build, roots.remove_tree)
    return replace(kernel, modules=folder / "lib/modules" / kernel.version, key=key)


def depmod_bind(spec: ImageSpec) -> list[roots.Bind]:
    """Return the bind of a depmod that sees .ko.gz, where the spec has such modules."""
    if spec.module_format != "gz":
        return []
    made = subprocess.run(["ninja", "-C", str(TREE / "build"), DEPMOD_TARGET], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = sorted((TREE / "build/subprojects").glob("kmod-*/depmod"))
    if made.returncode or not found:
        raise ImageError(f"no depmod for .ko.gz: {made.stdout[-1000:]}")
    return [(found[-1], f"/{DEPMOD}")]


def kernel_binds(kernel: kernels.Kernel) -> list[roots.Bind]:
    """Return the binds that show a kernel's modules and configuration in any root."""
    shown = [(kernel.modules, f"/usr/lib/modules/{kernel.version}"),
             (kernel.config, f"/boot/config-{kernel.version}")]
    return [(source, inside) for source, inside in shown if source.exists()]


def administrators_files(spec: ImageSpec) -> list[Packed]:
    """Return what an administrator, or another package, puts into the root."""
    made: list[Packed] = []
    if isinstance(spec.config, bytes):
        made.append(packed.regular("etc/vfio-early.conf", spec.config, spec.config_mode))
    elif spec.config is not None:
        made.append(CONFIG_KINDS[spec.config]("etc/vfio-early.conf"))
    for place, named in (("etc", spec.dropins), ("usr/lib", spec.vendor_dropins)):
        for name, data in named.items():
            path = f"{place}/vfio-early.conf.d/{name}"
            made.append(packed.link(path, "/dev/null") if data is None
                        else packed.regular(path, data))
    made += [packed.regular(f"etc/modprobe.d/{name}", data)
             for name, data in spec.modprobe_d.items()]
    made += [packed.regular(name.lstrip("/"), data, 0o755) for name, data in spec.files.items()]
    return made
