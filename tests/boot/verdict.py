# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what guest/verdict wrote on the serial console, and judges what it says.

Anything less than the whole transcript is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import Mapping, Optional, Sequence

BEGIN = "@vfio-test-begin"
END = re.compile(r"@vfio-test-end (\d+) ([0-9a-f]{64})")
LINE = re.compile(r"@vfio-test:(\d+):(.*)", re.DOTALL)
RECORD = re.compile(r"<(\d+)>\[ *(\d+\.\d+)\] ?(.*)", re.DOTALL)


class Incomplete(Exception):
    """The console does not hold a whole, unharmed transcript."""


@dataclass(frozen=True)
class Function:
    """One PCI function; what it does not have is None."""

    address: str
    vendor: int
    device: int
    pci_class: int
    driver: Optional[str]
    driver_override: Optional[str]
    group: Optional[int]
    power: Optional[str] = None

    @property
    def is_bridge(self) -> bool:
        return self.pci_class >> 16 == 0x06


@dataclass(frozen=True)
class Record:
    """One line of the kernel's log with its priority (facility * 8 + level)."""

    priority: int
    seconds: float
    text: str

    @property
    def level(self) -> int:
        return self.priority & 7

    @property
    def facility(self) -> int:
        return self.priority >> 3


@dataclass
class Verdict:
    """All that the guest told."""

    kernel: str = ""
    cmdline: str = ""
    binder: bool = False
    functions: dict[str, Function] = field(default_factory=dict)
    before: dict[str, Function] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    drivers: set[str] = field(default_factory=set)
    parameters: dict[str, str] = field(default_factory=dict)
    nodes: set[str] = field(default_factory=set)
    viable: dict[int, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    report: dict[str, list[str]] = field(default_factory=dict)
    foreseen: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    dmesg: list[Record] = field(default_factory=list)

    @property
    def log(self) -> list[str]:
        """The program's own lines, without their prefix."""
        prefix = "vfio-early: "
        return [r.text[len(prefix):] for r in self.dmesg if r.text.startswith(prefix)]

    def without(self, addresses: Sequence[str]) -> Verdict:
        """The same without these functions."""
        return replace(self, functions={a: f for a, f in self.functions.items()
                                        if a not in addresses})


def parse(console: str) -> Verdict:
    """The verdict in a console's text, or Incomplete with what is missing."""
    verdict = Verdict()
    for line in _body(console):
        key, _, rest = line.partition(" ")
        _take(verdict, key, rest)
    _require(verdict)
    return verdict


def _body(console: str) -> list[str]:
    lines = [line.removesuffix("\r") for line in console.split("\n")]
    if BEGIN not in lines:
        raise Incomplete("no transcript: the guest never began to write one")
    lines = lines[lines.index(BEGIN) + 1:]
    end = next((i for i, line in enumerate(lines) if END.fullmatch(line)), None)
    if end is None:
        raise Incomplete(f"transcript cut after {_last_number(lines)} lines: no end marker")
    closing = END.fullmatch(lines[end])
    assert closing is not None
    body = _numbered(lines[:end], int(closing[1]))
    whole = "".join(line + "\n" for line in body)
    if hashlib.sha256(whole.encode("utf-8", "surrogateescape")).hexdigest() != closing[2]:
        raise Incomplete("transcript harmed: all lines are there, but their checksum differs")
    return body


def _numbered(lines: list[str], count: int) -> list[str]:
    body: list[str] = []
    for line in lines:
        match = LINE.fullmatch(line)
        if match is None:
            raise Incomplete(f"transcript harmed after line {len(body)}: {line[:60]!r}")
        if int(match[1]) != len(body) + 1:
            raise Incomplete(f"transcript jumps from line {len(body)} to {match[1]}")
        body.append(match[2])
    if len(body) != count:
        raise Incomplete(f"transcript has {len(body)} of {count} lines")
    return body


def _last_number(lines: list[str]) -> int:
    numbers = [int(m[1]) for m in map(LINE.fullmatch, lines) if m]
    return numbers[-1] if numbers else 0


def _take(verdict: Verdict, key: str, rest: str) -> None:
    if key in ("function", "before"):
        function = _function(rest)
        table = verdict.functions if key == "function" else verdict.before
        table[function.address] = function
    elif key == "dmesg":
        _take_record(verdict.dmesg, rest)
    elif key == "report":
        name, _, text = rest.partition(" ")
        verdict.report.setdefault(name, []).append(text)
    elif key == "foreseen":
        _take_foreseen(verdict.foreseen, rest)
    elif key in ("module", "driver", "node"):
        {"module": verdict.modules, "driver": verdict.drivers,
         "node": verdict.nodes}[key].add(rest)
    elif key == "parameter":
        name, _, value = rest.partition("=")
        verdict.parameters[name] = value
    elif key == "status":
        name, _, value = rest.partition(" ")
        verdict.status[name] = int(value)
    elif key == "state":
        name, _, value = rest.partition(" ")
        verdict.state[name] = value
    elif key == "blocked":
        verdict.blocked.append(rest)
    elif key == "failed":
        verdict.failed.append(rest)
    elif key in ("stdout", "stderr"):
        verdict.output.append(rest)
    elif key == "file":
        verdict.files.append(rest)
    elif key == "viable":
        name, _, text = rest.partition(" ")
        verdict.viable[int(name)] = text
    elif key == "kernel":
        verdict.kernel = rest
    elif key == "cmdline":
        verdict.cmdline = rest
    elif key == "binder":
        verdict.binder = rest == "present"
    else:
        raise Incomplete(f"transcript has an unknown line: {key!r}")


FORESEEN = re.compile(r"(?:(would be|already) bound to|(kept) for the host|(refused, [a-z-]+):)")


def _take_foreseen(foreseen: dict[str, str], text: str) -> None:
    """A finding of check, in lines: its topic, then its subject, if any, then what is so."""
    name, _, value = text.partition(" ")
    if name in ("topic", "end"):
        foreseen.setdefault("", "")
        foreseen.pop("subject", None)
    elif name == "subject":
        foreseen["subject"] = value
    elif name == "what" and "subject" in foreseen and (done := _foretold(value)):
        foreseen[foreseen["subject"]] = done


def _foretold(what: str) -> Optional[str]:
    match = FORESEEN.match(what)
    return match and ("taken" if match[1] else match[2] or match[3])


def foreseen_in(text: str) -> dict[str, str]:
    """What check --json foresees, as Verdict.foreseen has it."""
    made = {row["subject"]: done for row in json.loads(text)["findings"]
            if (done := _foretold(row["what"]))}
    return {"": "", **made}


def _take_record(dmesg: list[Record], text: str) -> None:
    match = RECORD.fullmatch(text)
    if match:
        dmesg.append(Record(int(match[1]), float(match[2]), match[3]))
    elif dmesg:
        last = dmesg[-1]
        dmesg[-1] = Record(last.priority, last.seconds, f"{last.text}\n{text}")


def _function(text: str) -> Function:
    address, *pairs = text.split(" ")
    values = dict(pair.partition("=")[::2] for pair in pairs)
    group = _present(values["iommu_group"])
    return Function(
        address, int(values["vendor"], 16), int(values["device"], 16), int(values["class"], 16),
        _present(values["driver"]), _present(values["driver_override"]),
        None if group is None else int(group), _present(values.get("power/control", "-")))


def _present(value: str) -> Optional[str]:
    return None if value in ("-", "(null)") else value


def _require(verdict: Verdict) -> None:
    if not verdict.kernel or not verdict.cmdline:
        raise Incomplete("transcript lacks the kernel's release or command line")
    if not verdict.functions:
        raise Incomplete("transcript names no PCI function")
    if not verdict.dmesg or verdict.dmesg[0].seconds > 0.5:
        raise Incomplete("transcript lacks the beginning of the kernel's log")


# What a healthy boot's log never has.
ALARM = re.compile(r"\bBUG: |\bOops\b|WARNING: CPU|blocked for more than|segfault at|"
                   r"general protection fault|refcount_t: ")
SUMMARY = re.compile(r"(\d+) bound, (?:\d+ already bound, )?\d+ refused, \d+ failed, "
                     r"\d+ unmatched rules?, \d+ devices? seen\b.*")
DAEMON = 3
LONGEST = 900


def wrong_drivers(verdict: Verdict, baseline: Verdict,
                  taken: dict[str, Optional[str]]) -> list[str]:
    """What the kernel did that it should not have: `taken` as told, all else as baseline."""
    wrong = []
    if verdict.functions.keys() != baseline.functions.keys():
        odd = sorted(verdict.functions.keys() ^ baseline.functions.keys())
        wrong.append(f"functions differ from the baseline: {' '.join(odd)}")
    for address in sorted(taken.keys() - verdict.functions.keys()):
        wrong.append(f"{address} is not there")
    for address, function in sorted(verdict.functions.items()):
        usual = baseline.functions.get(address, function).driver
        wanted = taken.get(address, usual)
        if function.driver != wanted:
            wrong.append(f"{address} is on {function.driver}, not on {wanted}")
        override = wanted if address in taken else None
        if function.driver_override != override:
            wrong.append(f"{address} has driver_override {function.driver_override}, "
                         f"not {override}")
    return wrong


def wrong_vfio(verdict: Verdict) -> list[str]:
    """What a virtual machine would miss: group nodes, and the module nothing asks for."""
    wrong = []
    bound = [f for f in verdict.functions.values() if f.driver == "vfio-pci"]
    for function in bound:
        if function.group is None or f"/dev/vfio/{function.group}" not in verdict.nodes:
            wrong.append(f"{function.address}: no /dev/vfio node for group {function.group}")
    loaded = "vfio_iommu_type1" in verdict.modules or any(
        name.startswith("vfio_iommu_type1.") for name in verdict.parameters)
    if bound and not loaded:
        wrong.append("vfio_iommu_type1 is not loaded")
    return wrong


def wrong_log(verdict: Verdict, taken: dict[str, Optional[str]], late: int, summary: bool) -> list[str]:
    """Where our own log and report disagree with what the kernel did, or break their rules."""
    wrong = [f"kernel: {r.text.splitlines()[0]}" for r in verdict.dmesg if ALARM.search(r.text)]
    for record in verdict.dmesg:
        if record.text.startswith("vfio-early:"):
            if record.facility != DAEMON:
                wrong.append(f"facility {record.facility} of: {record.text[:60]}")
            if len(record.text.encode("utf-8", "surrogateescape")) > LONGEST:
                wrong.append(f"longer than {LONGEST} bytes: {record.text[:60]}")
    said = {line.split(" ")[0] for line in verdict.log if re.search(r"\bbound to\b", line)
            and not re.search(r"\b(refused|failed)\b", line)}
    wrong += [f"{address} was taken without a word" for address in sorted(taken.keys() - said)]
    if not summary:
        return wrong
    wrong += [f"{address} is called bound and is not" for address in
              sorted((said & verdict.functions.keys()) - taken.keys())]
    counts = [int(m[1]) for m in map(SUMMARY.fullmatch, verdict.log) if m]
    early = len(taken) - late
    if early not in counts:
        wrong.append(f"no summary of {early} bound devices; there are {counts}")
    return wrong


# What a line of our log says became of a function.
DONE = re.compile(r"(\S+) \[[0-9a-f:]+\] [^:]+: (?:((?:would be |already )?bound to |failed: )|"
                  r"(kept) for the host|(refused, [a-z-]+):)")


def wrong_foreseen(verdict: Verdict, foretold: Mapping[str, str]) -> list[str]:
    """Where the boot did something else than check foresees for one like it."""
    return wrong_foretold(verdict.foreseen, verdict.log, foretold)


def wrong_foretold(foreseen: Mapping[str, str], log: Sequence[str],
                   foretold: Mapping[str, str]) -> list[str]:
    """The same of a boot with this log.

    Why a module cannot be loaded is not the planner's: what failed was foreseen as taken.
    foretold: what is foreseen of the devices of which a fault of this boot makes something else.
    """
    foreseen = dict(foreseen)
    # It is there once check has run at all.
    if foreseen.pop("", None) is None:
        return ["check foresaw nothing"]
    matches = [match for match in map(DONE.match, log) if match]
    done = {match[1]: "taken" if match[2] else match[3] or match[4] for match in matches}
    wrong = [f"{address}: it was {what} without any fault" for address, what in foretold.items()
             if done.get(address) == what]
    done.update(foretold)
    return wrong + [f"{address}: check foresees {foreseen.get(address)}, it was {done.get(address)}"
                    for address in sorted(foreseen.keys() | done.keys())
                    if foreseen.get(address) != done.get(address)]


def wrong_system(verdict: Verdict) -> list[str]:
    """What of a whole system is not as it is at the login prompt of a healthy one."""
    wrong = [f"{unit} failed" for unit in verdict.failed]
    wanted = {"getty": "active", "system": "running", "root": "/dev/sd[ab]"}
    return wrong + [f"{name} is {verdict.state.get(name)}, not {pattern}"
                    for name, pattern in wanted.items()
                    if not re.fullmatch(pattern, verdict.state.get(name, ""))]


def wrong_traces(verdict: Verdict, summary: bool) -> list[str]:
    """What the image and its /run lack of us; of the image, only /run is left to a system."""
    there = verdict.binder or bool(verdict.state)
    wrong = [] if there else ["the image lacks vfio-early-boot"]
    if summary and not any(verdict.report.values()):
        wrong.append("no report in /run/vfio-early")
    return wrong
