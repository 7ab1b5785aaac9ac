#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thousands of random machines and configurations, planned by the program and by the oracle.

plans.py PROGRAM [--seed N] [--machines N] [--configs N] [--keep DIR] [--under COMMAND]

Ends with 1 at the first disagreement, and shows it. --keep leaves its tree in DIR. --under runs
the program by another one, as valgrind, which has to end with 0 and print nothing either.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Optional, Sequence

import fake_tree
from model import Config, Function, Host
from oracle import outcome
from randoms import Configs, Machines

VERDICTS = ("taken", *(f"refused {guard}" for guard in (
    "bridge", "identity", "no-iommu", "root-disk", "storage", "keyboard", "network",
    "last-display", "bound")))
LINE = re.compile(r"vfio-early: ([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) \[\S+\] [^:]+: "
                  r"(?:would be bound to (\S+?)(?:,| \()|already bound to (\S+) \(|"
                  r"refused, ([a-z-]+): )")
# Whatever these would do to the libraries must not show.
HOSTILE = {"LIBBLKID_DEBUG": "0xffff", "KMOD_LOG": "7", "BLKID_FILE": "/nonexistent",
           "BLKID_CONF": "/nonexistent", "POSIXLY_CORRECT": "1", "LC_ALL": "tr_TR.UTF-8"}


def plan(command: Sequence[str], root: Path) -> tuple[dict[str, str], str]:
    """What the program would do, and all that it said."""
    env = HOSTILE if len(command) == 1 else {}
    result = subprocess.run([*command, "--plan", f"--sysroot={root}"], env=env, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    text = result.stdout.decode("utf-8", "replace")
    if result.returncode != 0:
        return {"status": str(result.returncode)}, text
    stray = [line for line in text.splitlines() if not line.startswith("vfio-early: ")]
    if stray:
        return {"stray": stray[0]}, text
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            refused = f"refused {match[4]}" if match[4] else None
            found[match[1]] = refused or match[2] or match[3]
    return found, text


def show(machine: Sequence[Function], config: Config, host: Host, wanted: dict[str, str],
         found: dict[str, str], text: str) -> None:
    for function in machine:
        at = str(function.address)
        mark = "" if wanted.get(at) == found.get(at) else \
            f"   <-- the oracle says {wanted.get(at)}, the program {found.get(at)}"
        print(f"{at} path={function.path} class={function.pci_class:06x} "
              f"id={':'.join(f'{part:04x}' for part in function.id)} group={function.group} "
              f"{'bridge ' if function.bridge else ''}driver={function.driver} "
              f"override={function.override} in_use={function.in_use} vf_of={function.vf_of} "
              f"serial={function.serial} boot_display={function.boot_display}{mark}")
    print(host)
    files = ([config.main] if config.main else []) + \
        [file for files in config.dropins.values() for file in files]
    for file in files:
        print(f"{file.name}: {'a folder' if file.unusable else file.data!r}")
    print(f"command line: {config.cmdline}\n{text}")


def compare(command: Sequence[str], root: Path, machine: Sequence[Function],
            config: Config, host: Host) -> Optional[dict[str, str]]:
    """The oracle's opinion, or None after showing a disagreement."""
    fake_tree.make_config(root, config)
    wanted = {str(address): verdict for address, verdict in outcome(machine, config, host).items()}
    found, text = plan(command, root)
    if wanted == found:
        return wanted
    show(machine, config, host, wanted, found, text)
    return None


def run(arguments: argparse.Namespace, folder: Path) -> int:
    dice = random.Random(arguments.seed)
    verdicts: Counter[str] = Counter()
    pairs = 0
    command = [*arguments.under.split(), str(arguments.program)]
    for number in range(arguments.machines):
        machines = Machines(dice)
        machine = machines.make()
        host = machines.host(machine)
        root = folder / str(number)
        fake_tree.make_machine(root, machine, host)
        configs = Configs(dice, machine)
        for _ in range(arguments.configs):
            wanted = compare(command, root, machine, configs.make(), host)
            if wanted is None:
                if arguments.keep:
                    shutil.copytree(root, arguments.keep, symlinks=True)
                print(f"machine {number}, pair {pairs} of seed {arguments.seed}")
                return 1
            pairs += 1
            verdicts.update(verdict if verdict.startswith("refused") else "taken"
                            for verdict in wanted.values())
        shutil.rmtree(root)
    # Agreeing about nothing would show nothing. A few plans cannot have every verdict.
    wanted = VERDICTS if pairs >= 400 else ["taken"]
    rare = [verdict for verdict in wanted if verdicts[verdict] < pairs / 400]
    print(f"{pairs} plans agree: "
          + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
    if rare:
        print(f"too few of: {', '.join(rare)}")
    return 1 if rare else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--machines", type=int, default=40)
    parser.add_argument("--configs", type=int, default=40)
    parser.add_argument("--keep", type=Path, metavar="DIR")
    parser.add_argument("--under", default="", metavar="COMMAND")
    arguments = parser.parse_args()
    os.umask(0o022)  # files that others can write are not followed
    with tempfile.TemporaryDirectory(prefix="vfio-early-plans.") as folder:
        return run(arguments, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
