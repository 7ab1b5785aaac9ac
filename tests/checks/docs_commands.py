# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands of the documents: typing those of vfio-early, and what is known of all others."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from trees import TOP, tree

# Programs that a typed line may use besides ours; none writes but to where it is told to.
HARMLESS = ("vfio-early", "jq", "grep", "ls", "cat")
READ_BELOW = re.compile(r"(?<= )/(?=(?:sys|proc|run|etc)/)")
STATUSES = {"check": (0, 1, 2), "status": (0, 1)}
NEEDS_ROOT = ("bind", "release")
SUDO = '#!/bin/sh\nexec "$@"\n'
# The verbs on a machine instead of this one; of image, which has no such option, the options.
PROGRAM = """#!/bin/sh
case "$1 $*" in
-*) exec "{program}" "$@" ;;
image\\ *) exec "{program}" "$@" --help ;;
*--sysroot=* | *--help*) exec "{program}" "$@" ;;
esac
exec "{program}" "$@" "--sysroot={tree}"
"""


@dataclass
class Known:
    """A command that is not typed here: its pattern, and the file of tests and what in it runs
    the command, or the reason why none does."""

    pattern: str
    file: str = ""
    needle: str = ""
    reason: str = ""
    used: bool = False

    def problem(self) -> Optional[str]:
        """Return what is wrong with the evidence, if so."""
        path = TOP / self.file
        if path.is_file() and self.needle in path.read_text(encoding="utf-8"):
            return None
        return f"{self.file} was to run it, and has no {self.needle!r}"


REBUILD = r"(sudo )?vfio-early rebuild"
REAL = "needs a machine of that distribution; written from its documentation"
LOADER = "needs a machine with that boot loader installed"
LISTING = "shows what check finds by itself, in images that the tests build"
HARDWARE = "about the real machine, and not ours"
# The lines of a page are taken out of it and typed as they are.
TYPED_SOURCE = ("tests/packaging/from_source.py", 'lines(INSTALL, "From source")')

COMMANDS = (
    Known(r"tests/run( --quick)?", "tests/run", "tests/everything.py"),
    Known(r"tests/demo", "tests/demo", "tests/boot/demo.py"),
    Known(r"tests/install-packages demo", "tests/demo", "tests/install-packages demo"),
    Known(r"tests/install-packages packaging", "tests/packaging/run",
          'INSTALL = "tests/install-packages packaging"'),
    Known(r"tests/packaging/run --all",
          reason="takes an hour or more; the tests run the cheap ones of it"),
    Known(r"subprojects/fetch-sources", "tests/everything.py", "subprojects/fetch-sources"),
    Known(r"meson setup build --native-file native/musl\.ini", *TYPED_SOURCE),
    Known(r"meson setup build --native-file native/musl\.ini --wrap-mode=nodownload",
          "tests/packaging/from_source.py", 'lines(PACKAGES, "Relinking (LGPL)")'),
    Known(r"ninja -C build", *TYPED_SOURCE),
    Known(r"meson setup build-fuzz .*", "tests/everything.py",
          '"--native-file", "native/clang.ini"'),
    Known(r"ninja -C build-fuzz", "tests/everything.py", '["ninja", "-C", folder]'),
    Known(r"tests/fuzz/run build-fuzz --seconds 60",
          reason="takes an hour; the tests run every target over its corpus"),
    Known(r"tests/boot/run --list", reason="lists the boots that the tests run"),
    Known(r"tests/boot/run --keep /tmp/boots .*", "tests/everything.py", '"tests/boot/run"'),
    Known(r"tests/boot/soak --boots 50 .*", "tests/everything.py", '"tests/boot/soak"'),
    Known(r"tests/oracle/plans\.py build/vfio-early-boot --machines 500 --seed 7",
          "tests/checks/plans", "plans.py"),
    Known(r"sudo meson install -C build", *TYPED_SOURCE),
    Known(r"packaging/tarball OUT", "tests/packaging/debian.py", '"packaging/tarball"'),
    Known(r"packaging/debian/build OUT/.*", "tests/packaging/debian.py", "packaging/debian/build"),
    Known(r"packaging/arch/build OUT/.*", "tests/packaging/others.py", '"packaging/arch/build"'),
    Known(r"packaging/fedora/build OUT/.*", "tests/packaging/others.py",
          '"packaging/fedora/build"'),
    Known(r"sudo apt install \./OUT/vfio-early_\*\.deb", "tests/packaging/lifecycle.py",
          'apt-get install -y --no-install-recommends "$DEB"'),
    Known(r"sudo apt remove vfio-early", "tests/packaging/lifecycle.py", "apt-get remove -y"),
    Known(REBUILD, "tests/packaging/lifecycle.py", "vfio-early rebuild"),
    Known(r"sudo systemctl enable --now vfio-early-rebuild\.path",
          "tests/packaging/rebuilds.py", "systemctl enable --now vfio-early-rebuild.path"),
    Known(r"sudo journalctl -u vfio-early-rebuild",
          "tests/packaging/rebuilds.py", "journalctl -u vfio-early-rebuild"),
    Known(r"ansible-playbook -i INVENTORY packaging/ansible/site\.yml",
          "tests/packaging/ansible_hosts.py", "site.yml"),
    # A root is made of what the line installs, and the package is built in it.
    Known(r"sudo apt install build-essential .*", "tests/packaging/debian.py",
          "BUILD = (*documented()"),
    Known(r"sudo ninja -C build uninstall", "tests/packaging/from_source.py",
          'lines(INSTALL, "Uninstall")'),
    Known(r"sudo update-initramfs -u -k all", "tests/boot/newcomer_trials.py", "docs/debian.md"),
    # Boot images. The harness has the tools make an image, of one kernel and into a folder.
    Known(r"sudo dracut --force --regenerate-all", "tests/boot/rebuild_trials.py",
          '"dracut --force --regenerate-all"'),
    Known(r"sudo dracut --force --omit vfio-early \S+", "tests/boot/generators/dracut.py",
          "dracut --force --kver \"$VERSION\" --omit"),
    Known(r"sudo mkinitcpio -P",
          reason="makes the images of the machine itself; the tests run mkinitcpio for one"),
    Known(r"sudo kernel-install add .*", "tests/boot/kernel_install_trials.py", "kernel-install"),
    Known(r"ukify build --stub=.*", "tests/boot/uki_trials.py", "ukify build --stub="),
    Known(r"sudo install -D /tmp/vfio-early\.addon\.efi .*", "tests/boot/uki_trials.py",
          "extra.d"),
    Known(r"(sudo )?(lsinitrd|lsinitramfs|lsinitcpio).*", reason=LISTING),
    # Boot loaders.
    Known(r"sudo tee -a /etc/grub\.d/40_custom <<END", reason=LOADER),
    Known(r"sudo update-grub", reason=LOADER),
    Known(r"sudo grub2?-mkconfig -o /boot/grub2?/grub\.cfg", reason=LOADER),
    Known(r"sudo sed -i '1s\|\^\|rdinit=/vfio-early/init \|' /etc/kernel/cmdline", reason=LOADER),
    # Distributions.
    Known(r"sudo grubby --update-kernel=ALL --(remove-)?args=.*", reason=REAL),
    Known(r"sudo (rpm-ostree (install|initramfs|initramfs-etc|kargs) .*)", reason=REAL),
    Known(r"sudo proxmox-boot-tool (status|refresh)", reason=REAL),
    Known(r"sudo nixos-rebuild (boot|switch)", reason=REAL),
    Known(r"sudo sdbootutil (mkinitrd|update-all-entries)", reason=REAL),
    Known(r"sudo emerge --config sys-kernel/gentoo-kernel", reason=REAL),
    Known(r"sudo (systemctl )?reboot", reason="would end the tests; what comes then is booted"),
    # What a boot left.
    Known(r"sudo dmesg \| grep '?vfio-early.*", "tests/boot/guest/now",
          "dmesg | grep 'vfio-early:'"),
    Known(r"sudo journalctl -b -1 -k -g vfio-early", reason=HARDWARE),
    Known(r"lspci -nnk", reason=HARDWARE),
    Known(r"sudo cat /proc/iomem", reason=HARDWARE),
    Known(r"command -v [a-z -]+", reason=HARDWARE),
)


def is_typed(command: str) -> bool:
    """Whether a command, or a part of it, is the host's program, or looks into sysfs.

    Not so the verb that runs a tool of this very machine."""
    if re.fullmatch(REBUILD, command):
        return False
    first = [part.replace("sudo ", "").split()[:1] for part in command.split("|")]
    return (command.startswith("ls /sys/") or ["vfio-early"] in first
            or "vfio-early image " in command)


def find(command: str) -> Optional[Known]:
    """Return what is known of a command."""
    for known in COMMANDS:
        if re.fullmatch(known.pattern, command):
            known.used = True
            return known
    return None


def unused() -> list[str]:
    """Return what is known of commands that no page has any more."""
    return [f"docs_commands.py: no page has {known.pattern}" for known in COMMANDS
            if not known.used]


class Typist:
    """Types commands on a machine, which keeps what they write into its config."""

    def __init__(self, build: Path, machine: str, stack: ExitStack) -> None:
        self.program = build / "vfio-early"
        self.folder = stack.enter_context(tree(f"tests/machines/{machine}"))
        self.bin = self.folder / "typist"
        self.bin.mkdir()
        for name, text in (("sudo", SUDO), ("vfio-early", PROGRAM.format(
                program=self.program, tree=self.folder))):
            (self.bin / name).write_text(text, encoding="utf-8")
            (self.bin / name).chmod(0o755)

    def type(self, command: str, is_span: bool) -> tuple[str, Optional[str]]:
        """Type a command that is_typed(); return how it counts, and what is wrong with it."""
        image = re.search(r"vfio-early image [^|>']*", command)
        if image:
            return "of image, its options", self._run(image[0], (0,))
        words = shlex.split(command)
        verb = words[words.index("vfio-early") + 1] if "vfio-early" in words else ""
        if is_span and verb and words[-1] == verb:  # no more than named, as `vfio-early bind`
            return "named in the text", self._run(f"vfio-early {verb} --help", (0,))
        programs = [part.replace("sudo ", "").split()[0] for part in self._parts(command)]
        if not set(programs) <= set(HARMLESS) or re.search(r"[<>;&`]|\$\(", self._bare(command)):
            return "typed", "nothing but a pipeline of " + ", ".join(HARMLESS) + " can be typed"
        if verb in NEEDS_ROOT and "--dry-run" not in command:
            command += " --dry-run"
        return "typed", self._run(command, STATUSES.get(verb, (0,)))

    @staticmethod
    def _bare(command: str) -> str:
        """Return a command without what is in quotes."""
        return re.sub(r"'[^']*'|\"[^\"]*\"", "", command)

    def _parts(self, command: str) -> list[str]:
        return [part for part in self._bare(command).split("|") if part.strip()]

    def _run(self, command: str, statuses: tuple[int, ...]) -> Optional[str]:
        environment = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "NO_COLOR": "1"}
        line = READ_BELOW.sub(f"{self.folder}/", command)
        made = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=self.folder, text=True,
                              env=environment, capture_output=True, check=False)
        if made.returncode in statuses:
            return None if made.stdout or " jq " not in command else "prints nothing"
        return f"ended with {made.returncode}: {made.stderr.strip()[-300:]}"

    def config(self, text: str) -> list[str]:
        """Return what does not parse of a configuration."""
        return self._problems("etc/vfio-early.conf", text, r"/etc/vfio-early\.conf:\d+:\d+")

    def cmdline(self, text: str) -> list[str]:
        """Return what does not parse of a kernel command line."""
        return self._problems("proc/cmdline", text.replace("\n", " "), "kernel command line")

    def _problems(self, name: str, text: str, subject: str) -> list[str]:
        path = self.folder / name
        before = path.read_bytes() if path.exists() else None
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
        made = subprocess.run([self.program, "check", "--json", f"--sysroot={self.folder}"],
                              text=True, capture_output=True, check=False)
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
        if made.returncode not in STATUSES["check"]:
            return [f"check ended with {made.returncode}: {made.stderr}"]
        return [f"{row['subject']}: {row['what']}" for row in json.loads(made.stdout)["findings"]
                if row["topic"] == "plan" and row["result"] == "error"
                and re.fullmatch(subject, row["subject"] or "")]
