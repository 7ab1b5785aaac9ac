# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernels for the boot tests: a distribution's, and a small one with everything built in."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cache
import roots

SOURCE_SUITE = "stable"
TOOLS = ("linux-source", "gcc", "libc6-dev", "make", "bc", "bison", "flex", "libelf-dev",
         "libssl-dev", "kmod", "xz-utils", "lz4", "rsync", "python3-minimal")
RECIPE = 1  # raise it when what this file does with the source changes

# Everything not named here is off. "built in" is the point of this kernel: vfio-pci and the
# drivers it competes with are all there before any program runs.
CONFIG = """
64BIT SMP EXPERT CC_OPTIMIZE_FOR_SIZE KERNEL_LZ4 NO_HZ_IDLE HIGH_RES_TIMERS
PRINTK PRINTK_TIME EARLY_PRINTK BUG FUTEX EPOLL SIGNALFD TIMERFD EVENTFD SHMEM AIO
ADVISE_SYSCALLS MULTIUSER FHANDLE POSIX_TIMERS KALLSYMS SYSCTL PROC_FS PROC_SYSCTL SYSFS
INOTIFY_USER TMPFS TMPFS_XATTR DEVTMPFS FILE_LOCKING CGROUPS UEVENT_HELPER
BLK_DEV_INITRD RD_GZIP RD_XZ RD_ZSTD RD_LZ4 BINFMT_ELF BINFMT_SCRIPT
MODULES MODULE_UNLOAD HYPERVISOR_GUEST PARAVIRT KVM_GUEST PM ACPI EFI EFI_STUB DMI DMIID
TTY VT VT_CONSOLE UNIX98_PTYS SERIAL_8250 SERIAL_8250_CONSOLE SERIAL_8250_PNP PNP
PCI PCI_MSI PCI_IOV PCI_QUIRKS PCIEPORTBUS HOTPLUG_PCI HOTPLUG_PCI_PCIE X86_X2APIC
IOMMU_SUPPORT INTEL_IOMMU IRQ_REMAP VFIO VFIO_GROUP VFIO_CONTAINER VFIO_IOMMU_TYPE1 VFIO_PCI PCI_STUB
INPUT INPUT_EVDEV INPUT_KEYBOARD KEYBOARD_ATKBD HID_SUPPORT HID HID_GENERIC
USB_SUPPORT USB USB_PCI USB_XHCI_HCD USB_XHCI_PCI USB_HID
BLOCK BLK_DEV SCSI BLK_DEV_SD ATA SATA_AHCI BLK_DEV_NVME EXT4_FS VIRTIO_MENU VIRTIO_PCI VIRTIO_BLK
NET UNIX INET PACKET NETDEVICES ETHERNET NET_VENDOR_INTEL E1000E
DRM DRM_SIMPLEDRM DRM_BOCHS DRM_FBDEV_EMULATION SYSFB_SIMPLEFB FB FRAMEBUFFER_CONSOLE
SOUND SND SND_PCI SND_HDA_INTEL=m SND_HDA_GENERIC=m DUMMY=m NET_CORE
LOCALVERSION="-vfio-early"
INTEL_IOMMU_DEFAULT_ON=n IOMMUFD=n MODULE_DECOMPRESS=n MODULE_COMPRESS=n
CPU_MITIGATIONS=n UNWINDER_GUESS RETPOLINE=n WERROR=n
"""

# Source that this configuration never compiles, left packed to save the time.
SKIPPED = ("Documentation/*.rst", "Documentation/*.yaml", "arch/[!x]*/*.[chS]",
           "arch/*/boot/dts/*", "drivers/gpu/drm/[anix]*/*.[ch]", "drivers/media/*.[ch]",
           "drivers/net/wireless/*.[ch]", "drivers/staging/*.[ch]", "sound/soc/*.[ch]",
           "tools/testing/*", "tools/perf/*")

BUILD = """
set -e
mkdir /build
cd /build
tar -xf /usr/src/linux-source-*.tar.xz --strip-components=1 --wildcards "$@"
make -s KCONFIG_ALLCONFIG=/run/vfio-early/fragment allnoconfig
missing=$(while IFS= read -r line; do
    case $line in *=n) continue ;; esac
    grep -qxF "$line" .config || echo "$line"
done </run/vfio-early/fragment)
[ -z "$missing" ] || echo "not in this source: $missing"
make -s -j"$(nproc)" bzImage modules
version=$(make -s kernelrelease)
make -s modules_install INSTALL_MOD_PATH=/run/vfio-early/out
rm -f "/run/vfio-early/out/lib/modules/$version/build"
cp arch/x86/boot/bzImage "/run/vfio-early/out/vmlinuz-$version"
cp .config "/run/vfio-early/out/config-$version"
cp System.map "/run/vfio-early/out/System.map-$version"
"""


class KernelError(Exception):
    """A kernel could not be built or found."""


@dataclass(frozen=True)
class Kernel:
    """A kernel with all that an image for it is made from."""

    version: str
    path: Path
    modules: Path
    config: Path
    key: str


def of_root(root: roots.Root, version: str = "") -> Kernel:
    """Return the kernel of a Debian root, the last one where it has several."""
    versions = root.kernel_versions()
    if not versions or (version and version not in versions):
        raise KernelError(f"the {root.suite} root has no kernel {version}; it has {versions}")
    version = version or versions[-1]
    boot = root.path / "boot"
    return Kernel(version, boot / f"vmlinuz-{version}", root.path / "lib/modules" / version,
                  boot / f"config-{version}", cache.key_of(root.key, version))


def fragment() -> str:
    """Return the kernel configuration as lines for the kernel's own configurator."""
    words = (word if "=" in word else word + "=y" for word in CONFIG.split())
    return "".join(f"CONFIG_{word}\n" for word in words)


def small_kernel() -> Kernel:
    """Return the small kernel, built once from the source Debian ships."""
    tools = roots.root(SOURCE_SUITE, base=TOOLS)
    source = tools.package_version("linux-source")
    key = cache.key_of("kernel", RECIPE, source, CONFIG, SKIPPED, BUILD)

    def build(folder: Path) -> None:
        cache.say(f"small kernel: building from linux-source {source}, takes minutes")
        _build(tools, folder)
        cache.say("small kernel: built")

    folder = cache.entry("kernels", key, build, roots.remove_tree)
    image = next(folder.glob("vmlinuz-*"))
    version = image.name.split("-", 1)[1]
    return Kernel(version, image, folder / "lib/modules" / version,
                  folder / f"config-{version}", key)


def _build(tools: roots.Root, folder: Path) -> None:
    """Compile the kernel in a throw-away copy of the root and keep what it installs."""
    wanted = folder / "fragment"
    wanted.write_text(fragment(), encoding="ascii")
    excludes = [f"--exclude=*/{pattern}" for pattern in SKIPPED]
    result = tools.run(["sh", "-c", BUILD, "sh", *excludes],
                       binds=[(folder, "/run/vfio-early/out"),
                              (wanted, "/run/vfio-early/fragment")])
    (folder / "log").write_bytes(result.stdout)
    if result.returncode:
        tail = result.stdout.decode(errors="replace")[-3000:]
        raise KernelError(f"the small kernel could not be built:\n{tail}")


if __name__ == "__main__":
    try:
        print(small_kernel())
    except (KernelError, roots.RootError, subprocess.SubprocessError) as problem:
        sys.exit(f"kernels: {problem}")
