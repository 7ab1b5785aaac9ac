# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checks of the shells' completions share: each has to offer every verb and every
option that --help prints, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

TOP = Path(__file__).resolve().parent.parent.parent
FOLDER = TOP / "completions"
VERB = re.compile(r"^  ([a-z-]+) +\S", re.MULTILINE)
OPTION = re.compile(r"^ {2,6}(?:(-[a-z]), )?(--[a-z-]+)", re.MULTILINE)
GENERAL = {"--help", "--version"}
Offers = Callable[[str], set[str]]


def printed(program: Path, *words: str) -> str:
    """Return what the program prints for --help."""
    return subprocess.run([str(program), *words, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def output(command: list[str], text: str = "") -> str:
    """Return what a shell prints; whatever it says to standard error is a failure."""
    result = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if result.stderr:
        raise SystemExit(f"{command[0]}: {result.stderr.strip()}")
    return result.stdout


def compare(what: str, offered: set[str], wanted: set[str]) -> list[str]:
    """Return what differs, in words."""
    return [f"{what}: {word} is not offered" for word in sorted(wanted - offered)] + \
        [f"{what}: {word} is in no --help" for word in sorted(offered - wanted)]


def check(shell: str, verbs: set[str], options: Offers) -> list[str]:
    """Compare a completion with the program of the build that the command line names."""
    program = Path(sys.argv[1]).absolute() / "vfio-early"
    known = set(VERB.findall(printed(program)))
    if len(known) < 5:
        raise SystemExit(f"--help names few verbs: {known}")
    wrong = compare(f"{shell}, verbs", verbs - GENERAL, known)
    for verb in sorted(known):
        wanted = {word for pair in OPTION.findall(printed(program, verb)) for word in pair if word}
        if "--help" not in wanted:
            raise SystemExit(f"{verb} --help names few options: {wanted}")
        wrong += compare(f"{shell}, {verb}", options(verb), wanted)
    return wrong


def needs(shell: str) -> str:
    """Return the shell's path, or end the check."""
    path = shutil.which(shell)
    if path is None:
        print(f"{shell} is not installed")
        raise SystemExit(77)
    return path


def end(wrong: list[str]) -> None:
    """End the check."""
    print("\n".join(wrong))
    raise SystemExit(1 if wrong else 0)
