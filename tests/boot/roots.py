# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small Debian systems in a folder, with real initramfs-tools, as root or as a user."""

import datetime
import getpass
import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Sequence, Tuple
from urllib.parse import urlsplit

import cache

PACKAGES = ("initramfs-tools", "busybox", "kmod", "udev", "zstd", "xz-utils", "lz4",
            "linux-image-amd64")
# The same with dracut, for images with systemd and without. The two exclude each other.
DRACUT_PACKAGES = ("dracut", "systemd", "systemd-sysv", "cpio", "kmod", "udev", "zstd",
                   "xz-utils", "lz4", "linux-image-amd64")
RECIPE = 2  # raise it when what this file puts into a root changes
Bind = Tuple[Path, str]  # what of the host appears where in the root; writable

# No image is built while the root is made: images.Build builds the ones that are wanted.
GENERATORS = "/usr/sbin/update-initramfs /usr/bin/dracut"
NO_IMAGE = f'for program in {GENERATORS}; do ' \
    'chroot "$1" dpkg-divert --quiet --local --rename --add --divert "$program.real" ' \
    '"$program" && ln -s /bin/true "$1$program" || exit 1; done'
IMAGES_AGAIN = f'for program in {GENERATORS}; do ' \
    'rm "$1$program" && chroot "$1" dpkg-divert --quiet --local --rename --remove ' \
    '"$program" || exit 1; done'

ENTER = """
set -e
top=$1
root=$2
shift 2
mount -t tmpfs -o mode=0755 tmpfs "$top"
cd "$top"
mkdir lower upper work root
mount --bind "$root" lower
mount -t overlay -o "lowerdir=$top/lower,upperdir=$top/upper,workdir=$top/work$OVERLAY" \\
    overlay root 2>overlay.log || cp -a lower/. root/
mount --rbind /proc root/proc
mount -t tmpfs -o mode=0755 tmpfs root/dev
for node in null zero full random urandom; do
    : >"root/dev/$node"
    mount --bind "/dev/$node" "root/dev/$node"
done
ln -s /proc/self/fd root/dev/fd
mkdir root/dev/shm
"""

# Where this machine's kernel has no /proc/modules, nothing can be mounted on it.
OTHER_PROC = """
mkdir -p root/run/vfio-early/proc
mount --rbind root/proc root/run/vfio-early/proc
umount -l root/proc
mount -t tmpfs -o mode=0755 tmpfs root/proc
for file in root/run/vfio-early/proc/*; do
    ln -s "/run/vfio-early/proc/${file##*/}" root/proc/
done
for file in "$proc"/*; do
    rm -f "root/proc/${file##*/}"
    cp "$file" root/proc/
done
"""


class RootError(Exception):
    """A root could not be made or entered; the text says what to do."""


def debian_mirror() -> list[str]:
    """Return the Debian mirror this machine uses; none leaves the choice to mmdebstrap."""
    named = os.environ.get("VFIO_EARLY_DEBIAN_MIRROR")
    if named:
        return [named]
    wanted = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)",
              "Created-By: Packages"]
    try:
        listed = subprocess.run(wanted, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return []
    targets = [line.split("|", 2) for line in listed.splitlines() if "|http" in line]
    known = [uri for origin, label, uri in targets if (origin, label) == ("Debian", "Debian")]
    alike = [uri for _, _, uri in targets if urlsplit(uri).path.strip("/") == "debian"]
    return [uri.rstrip("/") for uri in (known + alike)[:1]]


def namespace() -> list[str]:
    """Return the command prefix that gives a process its own mounts, and root where needed."""
    own = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        own[1:1] = ["--map-root-user", "--map-auto"]
    return own + ["--"]


def check_namespace() -> None:
    """Raise an error that says what to do where there can be no namespace."""
    probe = namespace() + ["mount", "-t", "tmpfs", "tmpfs", "/tmp"]
    try:
        result = subprocess.run(probe, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise RootError("unshare (util-linux) is not installed") from missing
    if result.returncode:
        raise RootError(f"no namespace with own mounts: {result.stderr.strip()}\n"
                        + _advice(result.stderr))


def _advice(error: str) -> str:
    """Say what most likely keeps this user from having a namespace."""
    if os.geteuid() == 0:
        return "a container must be allowed to mount (docker: --privileged)"
    if "unrecognized option" in error:
        return "util-linux 2.38 or newer is needed; or run this as root"
    if "in /etc/subuid" in error or "in /etc/subgid" in error:
        user = getpass.getuser()
        return ("give the user a range of ids: sudo usermod "
                f"--add-subuids 100000-165535 --add-subgids 100000-165535 {user}")
    if "newuidmap" in error:
        return "install uidmap: tests/install-packages demo"
    if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists():
        return ("run this as root, or allow it until the next boot: "
                "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0")
    return ("allow user namespaces (sysctl user.max_user_namespaces, "
            "kernel.unprivileged_userns_clone), or run this as root")


def remove_tree(path: Path) -> None:
    """Remove a tree whose files may belong to ids of the namespace."""
    subprocess.run(namespace() + ["rm", "-rf", "--one-file-system", str(path)], check=True)


@dataclass(frozen=True)
class Root:
    """A Debian system in a folder; nothing done in it lasts."""

    suite: str
    path: Path
    key: str

    def run(self, argv: Sequence[str], *, binds: Sequence[Bind] = (),
            env: Optional[Mapping[str, str]] = None, stdin: bytes = b"",
            proc: Optional[Path] = None) -> "subprocess.CompletedProcess[bytes]":
        """Run a command in a throw-away overlay of the root; output and error come together.

        Only what it writes into a bind lasts. The host's /proc is there, a minimal /dev
        and nothing of /sys. proc: a folder of files that /proc has instead of its own.
        """
        lines = [ENTER]
        for source, inside in binds:
            lines.append(_bind_line(source, "root/" + inside.strip("/")))
        if proc is not None:
            lines.append(f"proc={shlex.quote(str(proc))}\n{OTHER_PROC}")
        lines.append("cd root")
        lines.append(f"exec chroot . {shlex.join(argv)}")
        given = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
                 "OVERLAY": "" if os.geteuid() == 0 else ",userxattr", **(env or {})}
        with tempfile.TemporaryDirectory(prefix="vfio-early-root.") as top:
            command = namespace() + ["sh", "-c", "\n".join(lines), "sh", top, str(self.path)]
            return subprocess.run(command, env=given, input=stdin, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def kernel_versions(self) -> list[str]:
        """Return the versions of the kernels whose modules are in the root."""
        modules = self.path / "lib/modules"  # in bullseye, /lib is no link to /usr/lib
        return sorted(found.parent.name for found in modules.glob("*/modules.dep"))

    def package_version(self, package: str) -> str:
        """Return the version of a package in the root, or an empty string."""
        status = (self.path / "var/lib/dpkg/status").read_text(encoding="utf-8")
        for stanza in status.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line
                          and not line.startswith(" "))
            if fields.get("Package") == package and "installed" in fields.get("Status", ""):
                return fields["Version"]
        return ""


def _bind_line(source: Path, target: str) -> str:
    """Return the shell lines that make a file or folder of the host appear in the root."""
    place = f"mkdir -p {shlex.quote(target)}"
    if not source.is_dir():
        parent = shlex.quote(os.path.dirname(target))
        place = f"mkdir -p {parent}; : >>{shlex.quote(target)}"
    return f"{place}\nmount --bind {shlex.quote(str(source))} {shlex.quote(target)}"


def root(suite: str, packages: Sequence[str] = (), *, base: Sequence[str] = PACKAGES) -> Root:
    """Return the root of a Debian suite, made by mmdebstrap at most once a month."""
    check_namespace()
    wanted = sorted({*base, *packages})
    month = datetime.date.today().strftime("%Y-%m")
    key = cache.key_of("root", RECIPE, suite, wanted, month)

    def build(folder: Path) -> None:
        cache.say(f"{suite}: making a Debian root with {len(wanted)} packages")
        _bootstrap(suite, wanted, folder)
        cache.say(f"{suite}: root made")

    return Root(suite, cache.entry("roots", key, build, remove_tree), key)


def _bootstrap(suite: str, packages: Sequence[str], folder: Path) -> None:
    """Have mmdebstrap make a root, and unpack it into the folder."""
    mode = "root" if os.geteuid() == 0 else "unshare"
    make = ["mmdebstrap", f"--mode={mode}", "--variant=minbase", "--format=tar", "--quiet",
            "--architectures=amd64", f"--include={','.join(packages)}",
            f"--essential-hook={NO_IMAGE}", f"--customize-hook={IMAGES_AGAIN}"]
    if suite in ("sid", "unstable"):
        make.append('--aptopt=Acquire::Check-Valid-Until "false"')
    make += [suite, "-", *debian_mirror()]
    unpack = namespace() + ["tar", "-x", "--numeric-owner", "--exclude=./dev/*",
                            "-C", str(folder)]
    roomy = {"TMPDIR": "/var/tmp", **os.environ}
    with tempfile.TemporaryFile() as log:
        try:
            maker = subprocess.Popen(make, stdout=subprocess.PIPE, stderr=log, env=roomy)
        except FileNotFoundError as missing:
            raise RootError("mmdebstrap is not installed: tests/install-packages") from missing
        with maker:
            unpacked = subprocess.run(unpack, stdin=maker.stdout, stderr=log, check=False)
        if maker.returncode or unpacked.returncode:
            log.seek(0)
            tail = log.read().decode(errors="replace")[-3000:]
            raise RootError(f"the {suite} root could not be made:\n{tail}")


if __name__ == "__main__":
    import sys
    for name in sys.argv[1:]:
        made = root(name)
        print(made.path, *made.kernel_versions())
