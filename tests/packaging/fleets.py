# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is for many hosts: the Ansible role, the Butane file, the line for Prometheus."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import re
import stat
import subprocess
import tempfile
from pathlib import Path

from debian import TOP

ANSIBLE = TOP / "packaging/ansible"
METRICS = re.compile(r"^sudo (vfio-early status --json .*)$", re.MULTILINE)
# https://prometheus.io/docs/instrumenting/exposition_formats/
SAMPLE = re.compile(r'vfio_early_differs\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\} ([01])')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
loader = importlib.machinery.SourceFileLoader("machines", str(TOP / "tests/checks/machines"))
machines = importlib.util.module_from_spec(importlib.util.spec_from_loader("machines", loader))
loader.exec_module(machines)


def metrics(_: Path) -> list[str]:
    """The documented line, on every machine of the tests, gives what Prometheus reads."""
    (line,) = METRICS.findall((TOP / "docs/fleets.md").read_text(encoding="utf-8"))
    program = TOP / "build/vfio-early"
    wrong, samples, ones = [], 0, 0
    for machine in sorted((TOP / "tests/machines").iterdir()):
        with tempfile.TemporaryDirectory(prefix="vfio-early-metrics.") as scratch:
            stand_in = Path(scratch, "vfio-early")
            stand_in.write_text(f"#!/bin/sh\nexec '{program}' \"$@\" "
                                f"'--sysroot={machine}/capture.txt'\n", encoding="utf-8")
            stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
            env = {**os.environ, "PATH": f"{scratch}:{os.environ['PATH']}"}
            done = subprocess.run(["sh", "-c", line], env=env, text=True, capture_output=True,
                                  check=False)
            told = subprocess.run(["vfio-early", "status", "--json", "--quiet"], env=env, text=True,
                                  stdout=subprocess.PIPE, check=False, executable=str(stand_in))
        devices = json.loads(told.stdout)["devices"]
        lines = done.stdout.splitlines()
        if done.returncode or len(lines) != len(devices):
            wrong.append(f"{machine.name}: {len(lines)} samples of {len(devices)} devices: "
                         f"{done.stderr}")
            continue
        for text, device in zip(lines, devices):
            match = SAMPLE.fullmatch(text)
            labels = dict(LABEL.findall(match[1])) if match else {}
            if not match or labels["address"] != device["address"] or \
                    labels["driver"] != (device["driver"] or "") or \
                    int(match[2]) != int(device["differs"]):
                wrong.append(f"{machine.name}: {text} of {device}")
            samples, ones = samples + 1, ones + device["differs"]
    if not 0 < ones < samples:
        wrong.append(f"of {samples} samples {ones} were 1: that compares nothing")
    return wrong


def syntax(_: Path) -> list[str]:
    """Ansible can read the role."""
    done = subprocess.run(["ansible-playbook", "--syntax-check", "-i", "localhost,",
                           str(ANSIBLE / "site.yml")], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return [done.stdout] if done.returncode else []


def lint(_: Path) -> list[str]:
    """ansible-lint has nothing to say."""
    done = subprocess.run(["ansible-lint", "--offline", "--nocolor"], cwd=ANSIBLE, text=True,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return [done.stdout] if done.returncode else []


def butane(_: Path) -> list[str]:
    """The Butane file's words are rules that the boot understands."""
    text = (TOP / "packaging/butane/vfio-early.bu").read_text(encoding="utf-8")
    keys = re.findall(r"^([a-z_]+):", text, re.MULTILINE)
    words = re.findall(r"^    - (\S+)$", text, re.MULTILINE)
    rules = [word for word in words if word.startswith("vfio_early.")]
    if keys != ["variant", "version", "kernel_arguments"] or not rules:
        return [f"its keys are {keys}, its words {words}"]
    # With a card that they are about.
    with tempfile.TemporaryDirectory(prefix="vfio-early-butane.") as scratch:
        machines.unpack((TOP / "tests/machines/amd-two-cards/capture.txt").read_text(encoding="utf-8"),
                        Path(scratch))
        Path(scratch, "proc/cmdline").write_text(" ".join(words).replace("10de:*", "1002:*") + "\n",
                                                 encoding="ascii")
        Path(scratch, "etc/vfio-early.conf").unlink(missing_ok=True)
        done = subprocess.run([str(TOP / "build/vfio-early"), "list", "--json", f"--sysroot={scratch}"],
                              text=True, check=False, capture_output=True)
    functions = json.loads(done.stdout)["functions"]
    taken = [f["address"] for f in functions if (f["next_boot"] or "").startswith("would")]
    bad = [line for line in done.stderr.splitlines() if "expected" in line or "unknown" in line]
    return bad or ([] if taken else [f"its words take nothing: {done.stderr}"])
