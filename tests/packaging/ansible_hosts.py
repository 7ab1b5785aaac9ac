# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Ansible role on two booted hosts that differ: the site's play, as docs/fleets.md has it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Sequence

import debian
import hosts
import topologies as top
from debian import TOP

SITE = TOP / "packaging/ansible/site.yml"
DEB = "/root/vfio-early.deb"
# One config for both: each rule has something to take on one of them only.
RULES = ["path=00:04.0/00.0 id=1234:1111", "id=8086:293e"]
TAKEN = {"one": "0000:04:00.0", "two": "0000:05:00.0"}
SOUND = (*top.slot(4), *top.slot(5, "ich9-intel-hda"))
DEVICES = {"one": hosts.DEVICES, "two": (*hosts.ROOT, *top.slot(3, top.GPU), *SOUND, *hosts.USB)}
INSTALLED = {"Install the package of a file", "Make the folder of the rules", "Write the rules",
             "Rebuild the boot images", "Reboot"}


def play(machines: Sequence[hosts.Host], keep: Path, name: str, rules: Sequence[str]) -> str:
    """Have the play on the machines, and return what it prints."""
    inventory = keep / "inventory"
    inventory.write_text("".join(
        f"{host.name} ansible_host=127.0.0.1 ansible_port={host.port} ansible_user=root "
        f"ansible_python_interpreter=/usr/bin/python3 "
        f"ansible_ssh_common_args='{' '.join(host.ssh_options())}'\n" for host in machines),
        encoding="utf-8")
    given = {"vfio_early_package": DEB, "vfio_early_rules": list(rules)}
    done = subprocess.run(["ansible-playbook", "-i", str(inventory), str(SITE),
                           "-e", json.dumps(given)], check=False, text=True,
                          env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1"},
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    (keep / f"ansible-{name}.log").write_text(done.stdout, encoding="utf-8")
    return done.stdout


def changed(said: str) -> dict[str, set[str]]:
    """Return which tasks changed something, by host."""
    found: dict[str, set[str]] = {}
    parts = re.split(r"^TASK \[(?:\S+ : )?(.*)\] \**$", said, flags=re.MULTILINE)
    for task, lines in zip(parts[1::2], parts[2::2]):
        for host in re.findall(r"^changed: \[(\w+)\]", lines, re.MULTILINE):
            found.setdefault(host, set()).add(task)
    return found


def recap(said: str) -> dict[str, tuple[int, int, int]]:
    """Return by host how many tasks changed something, did not reach it, and failed."""
    return {host: (int(one), int(two), int(three)) for host, one, two, three in re.findall(
        r"^(\w+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", said, re.MULTILINE)}


def wrong_run(name: str, said: str, wanted: dict[str, set[str]]) -> list[str]:
    """Return what is wrong with a run that ends well on both hosts."""
    counts = {host: (len(tasks), 0, 0) for host, tasks in wanted.items()}
    if recap(said) != counts:
        return [f"{name}: {recap(said)}, expected {counts}: {said[-600:]}"]
    found = {host: changed(said).get(host, set()) for host in wanted}
    return [] if found == wanted else [f"{name}: changed {found}, expected {wanted}"]


def wrong_host(host: hosts.Host, boots: int) -> list[str]:
    """Return what is wrong with a host after its boots."""
    wrong = [] if host.boots == boots else [f"{host.name} was booted {host.boots} times"]
    said = host.run("vfio-early status --json --quiet")
    devices = json.loads(said.stdout[said.stdout.index("{"):])["devices"]
    taken = [d["address"] for d in devices if d["driver"] == "vfio-pci" and not d["differs"]]
    if said.returncode or taken != [TAKEN[host.name]]:
        wrong.append(f"{host.name}: status ends with {said.returncode}, {taken} are on vfio-pci")
    return wrong


def trial(keep: Path) -> list[str]:
    """Install, boot and compare; run it again; mend an interrupted run; refuse a wrong rule."""
    package = debian.package("trixie", debian.QUICK).deb
    with ExitStack() as running:
        machines = [running.enter_context(hosts.host(name, "trixie", "initramfs-tools", keep,
                                                     devices=DEVICES[name])) for name in TAKEN]
        for host in machines:
            host.put(package, DEB)
        wrong = wrong_run("first", play(machines, keep, "first", RULES),
                          {name: INSTALLED for name in TAKEN})
        for host in machines:
            wrong += wrong_host(host, 2)
        if wrong:
            return wrong
        wrong += wrong_run("second", play(machines, keep, "second", RULES),
                           {name: set() for name in TAKEN})
        # An edit that no image has yet, as after a run that was interrupted.
        machines[1].run("echo '# interrupted' >>/etc/vfio-early.conf")
        wrong += wrong_run("third", play(machines, keep, "third", RULES),
                           {"one": set(), "two": {"Rebuild the boot images", "Reboot"}})
        wrong += wrong_host(machines[0], 2) + wrong_host(machines[1], 3)
        # What the first host runs from: said before a reboot, and the second one never hears of it.
        said = play(machines, keep, "refused", ["01:00.0"])
        if recap(said).get("one", (0, 0, 0))[1:] != (0, 1) or "two" in recap(said) or \
                "root-disk" not in said or [host.boots for host in machines] != [2, 3]:
            wrong.append(f"refused: {recap(said)}, {[h.boots for h in machines]}: {said[-900:]}")
        return wrong
