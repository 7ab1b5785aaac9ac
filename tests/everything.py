# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds and runs all tests; tests/run installs what they need and starts this.

tests/run [--quick]    --quick: unit tests, checks, and a few boots of one suite

Prints a line for each test (ok, not ok, skipped) and at the end the counts. Ends with 1 if
anything failed. Builds go to build/ (what ships), build-dev/ (sanitizers) and build-glibc/.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD, DEV, GLIBC, FUZZ = (TOP / name for name in
                           ("build", "build-dev", "build-glibc", "build-fuzz"))
COUNTS = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")
TAP = re.compile(r"(not ok|ok) \d+ - (\S+)(.*)")

SANITIZED = ("-Doptimization=0", "-Ddebug=true", "-Db_sanitize=address,undefined",
             "-Db_lundef=false")
SLOW_CHECKS = ("analyzer", "memory", "tidy")

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


class Tally:
    """The counts of everything that ran, with a line for each."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def ok(self, name: str, seconds: float | None = None) -> None:
        self.passed += 1
        print("ok", *([f"{seconds:.1f}s"] if seconds is not None else []), name, flush=True)

    def not_ok(self, name: str, reason: str) -> None:
        self.failed += 1
        print(f"not ok {name} : {reason}", flush=True)

    def skip(self, name: str, reason: str) -> None:
        self.skipped += 1
        print(f"skipped {name} : {reason}", flush=True)


def step(text: str) -> None:
    print(f"# {text}", file=sys.stderr, flush=True)


def run(command: list[object], **more: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(word) for word in command], cwd=TOP, text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **more)


def must(name: str, command: list[object], tally: Tally) -> bool:
    """A build step: a line only when it fails, with the end of its output."""
    step(name)
    result = run(command)
    if result.returncode == 0:
        return True
    print(result.stdout[-6000:], file=sys.stderr)
    tally.not_ok(name, f"{command[0]} ended with {result.returncode}")
    return False


def build(name: str, folder: Path, options: list[str], tally: Tally) -> bool:
    if not (folder / "build.ninja").exists():
        if not must(f"{name}/configure", ["meson", "setup", folder, *options], tally):
            return False
    if not must(f"{name}/compile", ["ninja", "-C", folder], tally):
        return False
    tally.ok(name)
    return True


def unit_tests(tally: Tally) -> None:
    """Each test program speaks TAP; every one of its tests is counted."""
    programs = sorted((DEV / "tests/unit").glob("test_*"))
    programs = [p for p in programs if p.is_file() and os.access(p, os.X_OK)]
    if not programs:
        tally.not_ok("unit", "no test program was built")
    environment = {**os.environ, **SANITIZERS, "CMOCKA_MESSAGE_OUTPUT": "TAP"}
    for program in programs:
        result = run([program], env=environment, timeout=300)
        lines = [TAP.match(line) for line in result.stdout.splitlines()]
        results = [match for match in lines if match]
        for word, test, rest in (match.groups() for match in results):
            name = f"unit/{program.name.removeprefix('test_')}/{test}"
            if "# SKIP" in rest:
                tally.skip(name, rest.partition("# SKIP")[2].strip() or "by the test")
            elif word == "ok":
                tally.ok(name)
            else:
                tally.not_ok(name, "see above")
        bad = result.returncode != 0 or not results
        if bad:
            print(result.stdout[-6000:], file=sys.stderr)
        if bad and not any(match[1] == "not ok" for match in results):
            tally.not_ok(f"unit/{program.name.removeprefix('test_')}",
                         f"ended with {result.returncode} after {len(results)} tests")


def checks(quick: bool, tally: Tally) -> None:
    """tests/checks/NAME: status 0 passed, 77 skipped (last line says why)."""
    def timed(script: Path) -> tuple["subprocess.CompletedProcess[str]", float]:
        start = time.monotonic()
        return run([script, BUILD, DEV]), time.monotonic() - start

    scripts = [script for script in sorted((TOP / "tests/checks").iterdir())
               if os.access(script, os.X_OK) and not (quick and script.name in SLOW_CHECKS)]
    scripts.sort(key=lambda script: script.name not in SLOW_CHECKS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for script, (result, seconds) in zip(scripts, pool.map(timed, scripts)):
            name = f"check/{script.name}"
            last = (result.stdout.strip().splitlines() or ["no output"])[-1]
            if result.returncode == 0:
                tally.ok(name, seconds)
            elif result.returncode == 77:
                tally.skip(name, last)
            else:
                print(result.stdout[-6000:], file=sys.stderr)
                tally.not_ok(name, last)


def fuzz_replay(tally: Tally) -> None:
    """Every target over its committed corpus, once."""
    for target in sorted((TOP / "tests/fuzz").glob("fuzz_*.c")):
        program = FUZZ / "tests/fuzz" / target.stem
        corpus = TOP / "tests/fuzz/corpus" / target.stem.removeprefix("fuzz_")
        files = sorted(path for path in corpus.glob("*") if path.is_file())
        name = f"fuzz/{target.stem.removeprefix('fuzz_')}"
        if not files or not program.exists():
            tally.not_ok(name, f"{program.name} or its corpus is missing")
            continue
        # An older libarchive asks for gigabytes when a damaged image says so, and uses none.
        result = run([program, "-malloc_limit_mb=8192", *files],
                     env={**os.environ, **SANITIZERS})
        if result.returncode == 0:
            tally.ok(f"{name} ({len(files)} inputs)")
        else:
            print(result.stdout[-6000:], file=sys.stderr)
            tally.not_ok(name, f"ended with {result.returncode}")


def boots(arguments: argparse.Namespace, tally: Tally) -> None:
    """The cells of tests/boot/run and, if not in a hurry, a short soak, always the same."""
    keep = ["--keep", os.environ["VFIO_EARLY_TRANSCRIPTS"]] \
        if "VFIO_EARLY_TRANSCRIPTS" in os.environ else []
    quick = ["--quick"] if arguments.quick else []
    counted([TOP / "tests/boot/run", *quick, *keep], tally)
    if not arguments.quick:
        counted([TOP / "tests/packaging/run"], tally)
        counted([TOP / "tests/boot/soak", "--budget", 90, "--seed", 1, *keep], tally)


def counted(command: list[object], tally: Tally) -> None:
    """The command prints its own lines; its counts are added here."""
    process = subprocess.Popen([str(word) for word in command], cwd=TOP, text=True,
                               errors="replace", stdout=subprocess.PIPE)
    counts = None
    assert process.stdout is not None
    for line in process.stdout:
        match = COUNTS.fullmatch(line.strip())
        if match:
            counts = [int(number) for number in match.groups()]
        else:
            print(line, end="", flush=True)
    status = process.wait()
    if counts is None:
        tally.not_ok("boot", f"{command[0]} ended with {status} and no counts")
        return
    tally.passed += counts[0]
    tally.failed += counts[1]
    tally.skipped += counts[2]
    if status != 0 and counts[1] == 0:
        tally.not_ok("boot", f"{command[0]} ended with {status}")


def dev_options() -> list[str]:
    return ["-Dlink=dynamic", "-Dtests=true", "-Dwerror=true", *SANITIZED]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the inner loop")
    arguments = parser.parse_args()
    tally = Tally()
    started = time.monotonic()
    subprocess.run([TOP / "subprojects/fetch-sources"], check=False)
    if build("build/development", DEV, dev_options(), tally):
        unit_tests(tally)
    shipped = build("build/musl-static", BUILD,
                    ["--native-file", "native/musl.ini", "-Dwerror=true"], tally)
    if not arguments.quick:
        build("build/glibc-static", GLIBC, ["-Dwerror=true"], tally)
    if build("build/fuzz", FUZZ, ["-Dlink=dynamic", "-Dfuzz=true", "-Dwerror=true", *SANITIZED,
                                  "--native-file", "native/clang.ini"], tally):
        fuzz_replay(tally)
    if shipped:
        checks(arguments.quick, tally)
        boots(arguments, tally)
    step(f"{time.monotonic() - started:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
