# SPDX-License-Identifier: LGPL-2.1-or-later
"""The blocks of a document and the commands in them; tests/checks/docs says what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Optional

FENCE = re.compile(r"^( *)```(\w*)\s*$")
MARK = re.compile(r"^ *<!-- (machine|untested): *(.*?) *-->\s*$")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """What stands at a line of a page: a block with its language, or a span of text."""

    line: int
    language: str
    text: str
    machine: Optional[str] = None
    untested: Optional[str] = None


def blocks(text: str) -> Iterator[Block]:
    """Yield fenced and indented blocks, and the spans of the text between them, in order."""
    lines = text.split("\n")
    marks: dict[str, str] = {}
    at = 0
    while at < len(lines):
        line, first = lines[at], at + 1
        fence, mark = FENCE.match(line), MARK.match(line)
        body = []
        if mark:
            marks[mark[1]] = mark[2]
            at += 1
        elif fence or (line.startswith("    ") and at and not lines[at - 1].strip()):
            indent = fence[1] if fence else "    "
            at += 1 if fence else 0
            while at < len(lines) and (not FENCE.match(lines[at]) if fence
                                       else lines[at].startswith("    ") or (
                                           not lines[at].strip() and at + 1 < len(lines)
                                           and lines[at + 1].startswith("    "))):
                body.append(lines[at].removeprefix(indent))
                at += 1
            at += 1 if fence else 0
            yield Block(first, fence[2] if fence else "sh", "\n".join(body), marks.get("machine"),
                        marks.get("untested"))
            marks = {}
        else:
            for span in SPAN.finditer(line):
                yield Block(first, "span", span[1].replace("\\|", "|"))
            at += 1


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a block: lines joined, comments and what is typed into one left out."""
    pending, end = "", None
    for line in text.split("\n"):
        if end is not None:
            end = None if line.strip() == end else end
            continue
        pending += line.split("  # ")[0] if not pending else line.strip()
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        heredoc = re.search(r"<<-?(\w+)$", pending)
        end = heredoc[1] if heredoc else None
        if pending.strip() and not pending.lstrip().startswith("# "):
            yield pending.strip()
        pending = ""
