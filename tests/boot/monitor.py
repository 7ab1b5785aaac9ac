# SPDX-License-Identifier: LGPL-2.1-or-later
"""Does to a running emulator what its guest asks for: plugs devices in and out.

The guest writes "@vfio-test-step N" on the serial console and waits for what comes of it;
step N is a list of the emulator's own monitor commands, as "device_add e1000e,bus=rp1", and of
"tear_out 00:01.0": what is behind this port is gone, without the guest being asked, and the
next command waits until that has noticed.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any, Optional, Sequence

from config_space import ConfigSpace

STEP = re.compile(rb"@vfio-test-step (\d+)\r?\n")
TEAR_OUT = "tear_out"
Steps = Sequence[Sequence[str]]


class MonitorError(Exception):
    """The emulator did not do what it was told."""


class Monitor(threading.Thread):
    """Follows one emulator until stop(); error says what went wrong."""

    def __init__(self, path: Path, serial: Path, steps: Steps) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._serial = serial
        self._steps = steps
        self._ended = threading.Event()
        self.error: Optional[str] = None

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        try:
            done = self._follow()
        except (OSError, MonitorError, ValueError) as problem:
            done = len(self._steps)
            self.error = f"monitor: {problem}"
        if done < len(self._steps):
            self.error = f"monitor: the guest asked for {done} of {len(self._steps)} steps"

    def _follow(self) -> int:
        done = 0
        connection: Optional[Connection] = None
        while not self._ended.wait(0.05):
            asked = STEP.findall(self._serial.read_bytes())
            for number in asked[done:]:
                connection = connection or Connection(self._path)
                for command in self._steps[int(number)]:
                    connection.command(command)
                done += 1
        return done


class Connection:
    """QEMU's machine protocol, as far as it is needed to type at the human monitor."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._connect(path)
        self._stream = self._socket.makefile("rwb")
        self._deleted = False
        self._stream.readline()
        self._ask("qmp_capabilities")

    def _connect(self, path: Path) -> None:
        limit = time.monotonic() + 10
        while True:
            try:
                return self._socket.connect(str(path))
            except OSError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.1)

    def command(self, line: str) -> None:
        """Does a line; where a device is to go, waits until it has."""
        name, _, rest = line.partition(" ")
        self._deleted = False
        if name == TEAR_OUT:
            self._tear_out(ConfigSpace(self._type, rest))
        elif answer := self._type(line).strip():
            raise MonitorError(f"{line}: {answer}")
        while name == "device_del" and not self._deleted:
            self._read()

    def _tear_out(self, port: ConfigSpace) -> None:
        port.cut_power()
        limit = time.monotonic() + 60
        while not port.is_off():
            if time.monotonic() > limit:
                raise MonitorError("the guest does not notice that a card is gone")
            time.sleep(0.2)

    def _type(self, line: str) -> str:
        return self._ask("human-monitor-command", {"command-line": line})

    def _read(self) -> dict[str, Any]:
        line = self._stream.readline()
        if not line:
            raise MonitorError("the emulator has ended")
        answer: dict[str, Any] = json.loads(line)
        self._deleted |= answer.get("event") == "DEVICE_DELETED"
        return answer

    def _ask(self, name: str, arguments: Optional[dict[str, str]] = None) -> str:
        asked: dict[str, Any] = {"execute": name}
        if arguments:
            asked["arguments"] = arguments
        self._stream.write(json.dumps(asked).encode() + b"\n")
        self._stream.flush()
        while True:
            answer = self._read()
            if "error" in answer:
                raise MonitorError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"] if isinstance(answer["return"], str) else ""
