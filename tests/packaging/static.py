# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the static programs are: the same wherever they are built, and made of what is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from checks import PROGRAMS, TREE
from debian import TOP

# Not part of what is built.
APART = shutil.ignore_patterns(".git", "build", "build-*", "packagecache", "__pycache__")
# Whose archives are the compiler's, and what of them a list can be told to have.
ARCHIVES = {"libc.a": {"musl", "glibc"}, "libgcc.a": {"libgcc"}, "libgcc_eh.a": {"libgcc"}}
MEMBER = re.compile(r"^(/\S+\.a)\(\S+\)$", re.MULTILINE)
EXPRESSION = re.compile(r"[\w.+-]+( (AND|OR|WITH) [\w.+-]+)*")
HASH = re.compile(r"[0-9a-f]{64}")


def identical(_: Path) -> list[str]:
    """Build in folders of other names, and compare with the build of this tree."""
    subprocess.run(["ninja", "-C", str(TREE)], check=True, stdout=subprocess.DEVNULL)
    wrong = []
    with tempfile.TemporaryDirectory(prefix="vfio-early-static.") as scratch:
        source, build = Path(scratch, "another name"), Path(scratch, "not/inside it")
        shutil.copytree(TOP, source, symlinks=True, ignore=APART)
        for command in (["meson", "setup", build, source, "--wrap-mode=nodownload",
                         "--native-file", source / "native/musl.ini"], ["ninja", "-C", build]):
            made = subprocess.run([str(word) for word in command], check=False, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if made.returncode:
                return [f"{command[0]} ended with {made.returncode}: {made.stdout[-1000:]}"]
        for name in PROGRAMS:
            found, ours = (build / name).read_bytes(), (TREE / name).read_bytes()
            wrong += [f"{name} has the name of a folder: {folder}"
                      for folder in (scratch, str(TOP)) if folder.encode() in found + ours]
            if found != ours:
                wrong.append(f"{name} is another one in another folder")
    return wrong


def archives(program: str, scratch: Path) -> set[str]:
    """Return the archives outside of the build that have something in a program: link it anew."""
    commands = subprocess.run(["ninja", "-C", str(TREE), "-t", "commands", program], check=True,
                              text=True, stdout=subprocess.PIPE).stdout
    link = commands.splitlines()[-1]
    place = scratch / program
    subprocess.run(f"{link} -o '{place}' -Wl,-Map='{place}.map'", shell=True, cwd=TREE, check=True)
    text = Path(f"{place}.map").read_text(encoding="utf-8", errors="replace")
    return set(MEMBER.findall(text))


def told() -> dict[str, dict[str, object]]:
    """Return the components of the list that this tree has built, by their names."""
    document = json.loads((TREE / "vfio-early.cdx.json").read_text(encoding="utf-8"))
    return {component["name"]: component for component in document["components"]}


def wrong_component(component: dict[str, object]) -> list[str]:
    """Return what a component of the list lacks."""
    licences = [entry.get("expression", "") for entry in component.get("licenses", ())]
    hashes = [entry for reference in (component, *component.get("externalReferences", ()))
              for entry in reference.get("hashes", ())]
    found = {"version": bool(component.get("version")),
             "licence": len(licences) == 1 and bool(EXPRESSION.fullmatch(licences[0])),
             "hash": any(entry["alg"] == "SHA-256" and HASH.fullmatch(entry["content"])
                         for entry in hashes)}
    return [f"{component['name']} is listed without a {what}"
            for what, there in found.items() if not there]


def sbom(_: Path) -> list[str]:
    """What is linked is listed, with all that a list of such things has of each."""
    subprocess.run(["ninja", "-C", str(TREE)], check=True, stdout=subprocess.DEVNULL)
    listed = told()
    wrong = [line for component in listed.values() for line in wrong_component(component)]
    found: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="vfio-early-static.") as scratch:
        for program in PROGRAMS:
            found |= {Path(path).name for path in archives(program, Path(scratch))}
    if "libc.a" not in found:
        wrong.append(f"no C library is linked, only {sorted(found)}: the map was not understood")
    wrong += [f"{name} is linked, and not listed" for name in sorted(found)
              if not ARCHIVES.get(name, set()) & set(listed)]
    wraps = {line.partition(" = ")[2].rpartition("-")[0]
             for path in (TOP / "subprojects").glob("*.wrap")
             for line in path.read_text(encoding="utf-8").splitlines()
             if line.startswith("directory = ")}
    return wrong + [f"{name} is bundled, and not listed" for name in sorted(wraps - set(listed))]
