# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real init of a stand-alone boot finds itself as without us, whatever becomes of us.

Its initramfs is one program that tells what it finds (guest/standalone/init.c). Each boot that
starts the archive is compared, line by line, with one that loads it (for the size of the
memory is the same then) and does not start it. In both, the host's program is asked at the end
what it foresees.
"""

from __future__ import annotations

import functools
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Sequence

import cache
import foresee
import generators
import kernels
import overlay
import qemu
import roots
import topologies as top
import trials
import verdict as verdicts
from cells import CONFIG_FILE, EVERY, GPU1, TRIXIE
from generators.base import BINARY
from generators.standalone import RDINIT
from images import ImageSpec
from trials import Trial

GENERATOR = "standalone-initramfs-tools"
# An argument, variables, one of the kernel's own, and arguments behind the end of those.
WORDS = ("single", "vfio_test.variable=1", "OTHER=2", "ro", "--", "first", "second=2")
BINARY_IN_TREE = f"vfio-early/{BINARY}"
RULE = b"01:00.0\n"
FORESEEN = re.compile(r"^@foreseen-begin\n(.*?)^@foreseen-end$", re.DOTALL | re.MULTILINE)
GARBAGE = b"\x00\xff garbage\n01:00.0=\n"


@dataclass(frozen=True)
class Case:
    """What is wrong with the archive, and what is then to be found in the log.

    bad      how a program in the place of the binder behaves
    init     where the real init is
    panics   whether there is nothing to run
    hang     whether there is the module vfio-hang, whose probe never returns
    extra    what the real init finds besides
    fault    why the card is not taken, which check foresees, in a phrase
    """

    name: str
    config: bytes = RULE
    bad: Optional[str] = None
    without: Sequence[str] = ()
    log: Sequence[str] = ()
    taken: bool = False
    init: str = "init"
    panics: bool = False
    append: Sequence[str] = ()
    suites: Sequence[str] = (TRIXIE,)
    absent: Sequence[str] = ("please report",)
    hang: bool = False
    extra: Sequence[str] = ()
    fault: str = ""

    @property
    def foretold(self) -> Mapping[str, str]:
        """What check foresees and the fault prevents."""
        return {GPU1: "taken"} if self.fault else {}


CASES = (
    Case("state", taken=True, log=[rf"^{GPU1} .*bound to vfio-pci"], suites=EVERY),
    Case("state-off", append=["vfio_early=off"], log=["switched off"]),
    Case("state-garbage", config=GARBAGE, log=[r"vfio-early\.conf:1"]),
    Case("state-crash", bad="CRASH", log=["vfio-early-boot died of signal 11;"], absent=(),
         fault="the binder dies"),
    Case("state-fail", bad="FAIL", log=["vfio-early-boot ended with status 3;"], absent=(),
         fault="the binder fails"),
    Case("state-late", bad="SLEEP", log=["vfio-early-boot was not done after 12 s"],
         absent=(), fault="the binder does not end"),
    # A process that hangs in the kernel cannot be ended. All else is as if it were not there.
    Case("state-hung", hang=True, taken=True,
         config=b"02:00.0 driver=vfio-hang allow=last-display\n01:00.0 allow=last-display\n",
         log=[r"loading module vfio[-_]hang did not return"],
         extra=[r"child vfio-early-boot [DR]"]),
    Case("state-missing", without=[BINARY_IN_TREE],
         log=[f"/{BINARY_IN_TREE} could not be run: No such file"],
         fault="the binder is not in the archive"),
    Case("state-modules-missing", without=["vfio-early/usr/lib/modules"],
         log=[rf"^{GPU1} .*refused, driver"], fault="the modules are not in the archive"),
    # Only the program that the kernel starts, and the folders are made.
    Case("state-alone", without=["vfio-early/usr", "vfio-early/etc", "vfio-early/sys",
                                 "vfio-early/dev", "vfio-early/proc", "vfio-early/run"],
         log=["could not be run: No such file"], fault="the binder is not in the archive"),
    Case("other-init", taken=True, init="sbin/init",
         log=["the /init of the initramfs could not be run: No such file"]),
    # Its log is the console's.
    Case("no-init", init="nothing", panics=True, append=["loglevel=7"],
         log=["the /init of the initramfs could not be run", "no other program to run either"]),
)


@functools.cache
def tiny_initrd(where: str) -> Path:
    """Return an initramfs of one program at this place."""
    program = trials.program("standalone/init.c")

    def build(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as top_folder:
            place = Path(top_folder, where)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(program.read_bytes())
            place.chmod(0o755)
            names = "".join(f"{p.relative_to(top_folder)}\n"
                            for p in sorted(Path(top_folder).rglob("*")))
            made = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=names.encode(),
                                  cwd=top_folder, check=True, stdout=subprocess.PIPE)
        (folder / "initrd").write_bytes(made.stdout)

    key = cache.key_of("tiny", where, cache.file_hash(program))
    return cache.entry("images", key, build) / "initrd"


def boot(kernel: kernels.Kernel, initrd: Path, append: Sequence[str],
         transcript: Path) -> qemu.Boot:
    return qemu.run(qemu.Machine(kernel.path, initrd, top.TWIN_GPUS.options,
                                 [*append, *WORDS]), transcript)


def state_of(result: qemu.Boot) -> Optional[list[str]]:
    """Return what the real init told about itself, if it came to its end."""
    text = result.console.replace("\r", "")
    if result.ended != "poweroff" or "\n@end\n" not in text:
        return None
    return text.partition("\n@state-begin\n")[2].partition("@state-end\n")[0].splitlines()


def wrong_foreseen(case: Case, boots: Sequence[qemu.Boot], log: Sequence[str]) -> list[str]:
    """Return where check foresees something else, in one of the boots, than the log has."""
    wrong = []
    for each in boots:
        asked = FORESEEN.search(each.console.replace("\r", ""))
        wrong += verdicts.wrong_foretold(verdicts.foreseen_in(asked[1]), log, case.foretold) \
            if asked else ["check was not asked"]
    return wrong


def judge(case: Case, result: qemu.Boot, usual_boot: qemu.Boot) -> list[str]:
    """Return what is not as the case expects."""
    text = result.console.replace("\r", "")
    state, wrong = state_of(result), []
    usual = state_of(usual_boot)
    if usual is None:
        return ["the boot that does not start the archive did not come to its end"]
    ours = [line[4:] for line in text.splitlines() if line.startswith("log ")]
    if case.panics:
        ours = [line.partition("vfio-early: ")[2] for line in text.splitlines()]
        wrong = [] if result.ended == "panic" else [f"no panic, but {result.ended}"]
    elif state is None:
        return [f"the real init did not come to its end: {result.ended}"]
    else:
        wrong += [f"more: {line}" for line in state if line not in usual
                  and not any(re.fullmatch(p, line) for p in case.extra)]
        wrong += [f"lacks /{p}/" for p in case.extra
                  if not any(re.fullmatch(p, line) for line in state)]
        wrong += [f"lacks: {line}" for line in usual if line not in state]
        bound = f"/sys/bus/pci/devices/{GPU1}/driver -> ../../../../bus/pci/drivers/vfio-pci"
        if (bound in text.splitlines()) != case.taken:
            wrong.append(f"{GPU1} is {'not ' if case.taken else ''}on vfio-pci")
    wrong += [f"log lacks /{p}/" for p in case.log if not any(re.search(p, x) for x in ours)]
    wrong += [f"log has /{p}/" for p in case.absent if any(re.search(p, x) for x in ours)]
    boots = [usual_boot] if case.panics else [usual_boot, result]
    return wrong + wrong_foreseen(case, boots, ours)


def trial(case: Case) -> Trial:
    """Return the case as a trial."""
    def test(suite: str, binary: Path, transcript: Path) -> list[str]:
        boots: list[qemu.Boot] = []
        root = roots.root(suite)
        kernel = kernels.of_root(root)
        files = {} if case.bad is None else {
            f"/{BINARY}": trials.program("standalone/bad_binder.c", f"-D{case.bad}").read_bytes()}
        spec = ImageSpec(suite=suite, binary=binary, config=case.config, files=files, hang=case.hang,
                         generator=GENERATOR,
                         conf=f"without={' '.join(case.without)}\n")
        standalone = generators.named(GENERATOR)
        assert isinstance(standalone, generators.standalone.Standalone)
        archive = standalone.archive(spec)
        if archive.initrd is None or archive.status:
            return [f"vfio-early image ended with {archive.status}: {archive.log[-300:]}"]
        joined = transcript.with_suffix(".initrd")
        put = overlay.archive(foresee.with_program({CONFIG_FILE: case.config}))
        usual_init = "init" if case.panics else case.init
        try:
            for where, rdinit, path in ((usual_init, f"rdinit=/{usual_init}",
                                         transcript.with_suffix(".usual.txt")),
                                        (case.init, RDINIT, transcript)):
                joined.write_bytes(archive.initrd.read_bytes() + tiny_initrd(where).read_bytes()
                                   + put)
                boots.append(boot(kernel, joined, [rdinit, *case.append], path))
        finally:
            joined.unlink()
        usual, result = boots
        return judge(case, result, usual)

    return Trial(case.name, test, GENERATOR, case.suites, foresees=True, fault=case.fault)


ALL = tuple(trial(case) for case in CASES)
