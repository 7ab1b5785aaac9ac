# SPDX-License-Identifier: LGPL-2.1-or-later
"""UEFI firmware for the machines, where QEMU's own descriptions of it say that it is.

Their format: docs/interop/firmware.json of QEMU.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator, Optional

FOLDERS = ("/etc/qemu/firmware", "/usr/share/qemu/firmware")
# Only what wants nothing of the machine but flash, and does not refuse unsigned programs.
UNWANTED = {"requires-smm", "enrolled-keys", "amd-sev-es", "amd-sev-snp", "intel-tdx"}


def _described() -> Iterator[Any]:
    paths = [path for folder in FOLDERS for path in Path(folder).glob("*.json")]
    for path in sorted(paths, key=lambda p: p.name):
        yield json.loads(path.read_text(encoding="utf-8"))


def options() -> Optional[tuple[str, ...]]:
    """Return the emulator's options for a UEFI firmware that keeps nothing, if there is one."""
    for one in _described():
        mapping = one["mapping"]
        if ("uefi" in one["interface-types"] and mapping.get("device") == "flash"
                and any(target["architecture"] == "x86_64" for target in one["targets"])
                and not UNWANTED & set(one["features"]) and "nvram-template" in mapping):
            code, variables = mapping["executable"], mapping["nvram-template"]
            return ("-drive", f"if=pflash,unit=0,readonly=on,format={code['format']},"
                    f"file={code['filename']}",
                    "-drive", f"if=pflash,unit=1,snapshot=on,format={variables['format']},"
                    f"file={variables['filename']}")
    return None


def obstacle() -> Optional[str]:
    """Return why no machine can have one here, if that is so."""
    return None if options() else "no UEFI firmware for QEMU: install ovmf or edk2-ovmf"
