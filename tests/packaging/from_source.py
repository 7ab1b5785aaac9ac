# SPDX-License-Identifier: LGPL-2.1-or-later
"""Built and installed of the tarball by the lines of docs/install.md, linked anew with changed
libraries by those of packaging/README.md, and removed: in a root, without a network."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import debian
from debian import TOP

sys.path.insert(0, str(TOP / "tests/checks"))

import pages  # noqa: E402

INSTALL, PACKAGES = "docs/install.md", "packaging/README.md"
# Has the network bring what the root has already.
NOT_TYPED = "tests/install-packages demo"
# What of a changed library makes itself heard, in a file that every program with it has.
CHANGED = {"kmod": "kmod-*/libkmod/libkmod.c", "blkid": "util-linux-*/libblkid/src/probe.c",
           "smartcols": "util-linux-*/libsmartcols/src/table.c"}
# The programs that packaging/README.md tells of, and what each of them contains.
CONTAIN = {"/usr/lib/vfio-early/vfio-early-boot --version": {"kmod", "blkid"},
           "/usr/bin/vfio-early --version": {"kmod", "blkid", "smartcols"}}
CHANGE = r"""
cat >>subprojects/{path} <<'END'

#include <unistd.h>
__attribute__((constructor)) static void changed_{name}(void)
{{
	const char said[] = "changed {name}\n";
	if (write(2, said, sizeof(said) - 1) < 0)
		_exit(1);
}}
END
"""
SCRIPT = """
set -e
sudo() {{ "$@"; }}
section() {{ echo "@section $1"; }}
files() {{ find /usr /etc /lib -xdev ! -type d ! -name '*.pyc' | sort; }}
files >/tmp/before
mkdir /tmp/unpacked
tar -x -f "$TARBALL" -C /tmp/unpacked
cd /tmp/unpacked/*/
section build
{build}
section built
{tell}
ls /usr/share/man/man8/vfio-early.8*
section change
{change}
{relink}
sudo meson install -C build
section changed
{tell}
section uninstall
{uninstall}
section left
files >/tmp/after
diff /tmp/before /tmp/after
section end
"""


def lines(page: str, heading: str) -> list[str]:
    """Return the commands of a section of a page."""
    text = (TOP / page).read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text,
                      re.MULTILINE | re.DOTALL)
    if not found:
        raise debian.PackageError(f"{page} has no section {heading}")
    return [command for block in pages.blocks(found[1]) if block.language == "sh"
            for command in pages.commands(block.text) if command != NOT_TYPED]


def trial(keep: Path) -> list[str]:
    """Type the lines, and see that the programs are what they make of them."""
    parts = {"build": lines(INSTALL, "From source"), "uninstall": lines(INSTALL, "Uninstall"),
             "relink": lines(PACKAGES, "Relinking (LGPL)"),
             "tell": [f"echo 'of {program}'; {program} 2>&1" for program in CONTAIN],
             "change": [CHANGE.format(name=name, path=f"$(cd subprojects; ls {path})")
                        for name, path in CHANGED.items()]}
    script = SCRIPT.format(**{name: "\n".join(commands) for name, commands in parts.items()})
    made = debian.build_root("trixie").run(
        ["unshare", "--net", "--", "sh", "-c", script], env={"TARBALL": debian.TARBALL},
        binds=[(debian.tarball(), debian.TARBALL)])
    log = made.stdout.decode(errors="replace")
    (keep / "from-source.log").write_text(log, encoding="utf-8")
    said = {part.partition("\n")[0]: part.partition("\n")[2] for part in log.split("@section ")[1:]}
    if "end" not in said:
        last = list(said)[-1] if said else "the beginning"
        return [f"it ended in {last}: {said.get(last, log)[-600:]}"]
    wrong = []
    for when in ("built", "changed"):
        for program, libraries in CONTAIN.items():
            heard = said[when].partition(f"of {program}\n")[2].partition("\nof ")[0]
            found = set(re.findall(r"^changed (\w+)$", heard, re.MULTILINE))
            if found != (libraries if when == "changed" else set()) or "vfio-early" not in heard:
                wrong.append(f"{when}, {program} says {heard!r}")
    return wrong
