# SPDX-License-Identifier: LGPL-2.1-or-later
"""The path unit on a booted host: off as installed; switched on, an edit rebuilds the image, and
the journal has what came of it, also where that is nothing good."""

from __future__ import annotations

import time
from pathlib import Path

import debian
import hosts
from newcomer import Newcomer

SECONDS = 240
ENABLE = "sudo systemctl enable --now vfio-early-rebuild.path"
JOURNAL = "sudo journalctl -u vfio-early-rebuild"
# Until the unit has run once more than it had, and is done.
RUNS = "journalctl -u vfio-early-rebuild -o cat | grep -cE '^(Finished|Failed to start) ' || :"


def runs(person: Newcomer) -> int:
    """Return how often the unit has run to its end."""
    return int(person.host.run(RUNS).stdout.split()[-1])


def edited(person: Newcomer, command: str, before: int) -> str:
    """Edit, wait for the rebuild that comes of it, and return what the journal has of it."""
    person.type(command)
    until = time.monotonic() + SECONDS
    while runs(person) == before and time.monotonic() < until:
        time.sleep(5)
    if runs(person) != before + 1:
        person.wrong.append(f"{command}: the unit has run {runs(person) - before} times")
    return person.type(f"{JOURNAL} -o cat --no-pager")[1]


def trial(keep: Path) -> list[str]:
    """Edit before it is switched on, after it, in a drop-in, and with an image tool that fails."""
    package = debian.package("trixie", debian.QUICK).deb
    transcript = keep / "rebuilds.txt"
    transcript.write_text("", encoding="utf-8")
    with hosts.host("rebuilds", "trixie", "initramfs-tools", keep) as host:
        person = Newcomer(host, transcript)
        host.put(package, f"/root/{package.name}")
        person.type(f"sudo apt install -y ./{package.name}")
        person.type("echo '04:00.0 id=1234:1111' >/etc/vfio-early.conf; sleep 10")
        if runs(person) or "disabled" not in person.type(
                "systemctl is-enabled vfio-early-rebuild.path")[1]:
            person.wrong.append("it is on without being asked for")
        if not person.type("sudo vfio-early check --quiet")[0]:
            person.wrong.append("check does not say that the image is older than the config")
        status, said = person.type(ENABLE)
        if status:
            return [f"{ENABLE} ends with {status}: {said}"]
        said = edited(person, "echo '# once more' >>/etc/vfio-early.conf", 0)
        status, check = person.type("sudo vfio-early check --quiet")
        if status or check or "Generating /boot/initrd.img" not in said:
            person.wrong.append(f"after an edit, check says {check!r}, the journal {said!r}")
        edited(person, "mkdir -p /etc/vfio-early.conf.d; "
                       "echo '05:00.0 id=8086:10d3' >/etc/vfio-early.conf.d/more.conf", 1)
        if (found := person.type("sudo vfio-early check --quiet")) != (0, ""):
            person.wrong.append(f"after a drop-in, check says {found}")
        said = edited(person, "printf '#!/bin/sh\\necho no room left >&2\\nexit 1\\n' "
                              ">/etc/initramfs-tools/hooks/fails; "
                              "chmod +x /etc/initramfs-tools/hooks/fails; "
                              "echo '# broken' >>/etc/vfio-early.conf", 2)
        if "no room left" not in said or "Failed to start" not in said or not person.type(
                "systemctl is-failed vfio-early-rebuild.service")[1].startswith("failed"):
            person.wrong.append(f"a rebuild that failed is said so: {said[-900:]}")
    return person.wrong
