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

import debian
import packed
import roots
from debian import TOP

ANSIBLE = TOP / "packaging/ansible"
METRICS = re.compile(r"^sudo (vfio-early status --json .*)$", re.MULTILINE)
# https://prometheus.io/docs/instrumenting/exposition_formats/
SAMPLE = re.compile(r'vfio_early_differs\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\} ([01])')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
ROLE = "/run/vfio-early/ansible"
DEB = "/run/vfio-early/vfio-early.deb"
RULE = "id=10de:2206 with=slot"

loader = importlib.machinery.SourceFileLoader("machines", str(TOP / "tests/checks/machines"))
machines = importlib.util.module_from_spec(importlib.util.spec_from_loader("machines", loader))
loader.exec_module(machines)

# The play that a user has, but for the reboot, on the host that runs it.
PLAY = f"""---
- hosts: localhost
  connection: local
  gather_facts: true
  roles:
    - role: vfio_early
      vars:
        vfio_early_package: {DEB}
        vfio_early_rules: ["{RULE}"]
"""
PLAYS = """
tar -x -f - -C / --no-same-owner --keep-directory-symlink
update-initramfs -c -k "$VERSION" || exit 1
export ANSIBLE_ROLES_PATH=$ROLE/roles ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=False
for number in 1 2; do
    ansible-playbook -i localhost, /root/play.yml >/run/vfio-early/out/$number \\
        2>/run/vfio-early/out/$number.err || exit 1
    cp "/boot/initrd.img-$VERSION" /run/vfio-early/out/image-$number
done
# An edit that no image has yet, as after a run that was interrupted.
echo "# interrupted" >>/etc/vfio-early.conf
ansible-playbook -i localhost, /root/play.yml >/run/vfio-early/out/3 2>/run/vfio-early/out/3.err
"""


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


def play(keep: Path) -> list[str]:
    """The role, three times, in a system with initramfs-tools."""
    root = roots.root("trixie", ("ansible-core", "python3-apt"))
    files = [packed.regular("root/play.yml", PLAY.encode()),
             packed.regular("etc/initramfs-tools/conf.d/tests", b"MODULES=list\nCOMPRESS=zstd\n")]
    with tempfile.TemporaryDirectory(prefix="vfio-early-play.") as scratch:
        # A container has none of its own, and check has nothing to say without.
        out, sys_folder = Path(scratch, "out"), Path(scratch, "sys")
        out.mkdir()
        (sys_folder / "bus/pci/devices").mkdir(parents=True)
        done = root.run(["sh", "-c", PLAYS], stdin=packed.tar(files),
                        env={"VERSION": root.kernel_versions()[-1], "ROLE": ROLE},
                        binds=[(ANSIBLE, ROLE), (debian.package("trixie", debian.QUICK).deb, DEB),
                               (sys_folder, "/sys"), (out, "/run/vfio-early/out")])
        (keep / "ansible.log").write_bytes(done.stdout)
        for path in sorted(out.glob("[123]*")):
            (keep / f"ansible-{path.name}.log").write_bytes(path.read_bytes())
        if done.returncode:
            texts = [path.read_text(encoding="utf-8")[-800:] for path in sorted(out.glob("[123]*"))]
            return [f"it ended with {done.returncode}: {texts}"]
        changed = [sorted(tasks_changed(out / name)) for name in "123"]
        recaps = [re.findall(r"ok=(\d+)", (out / name).read_text(encoding="utf-8"))
                  for name in "123"]
        image = debian.image_files(out / "image-1").get("etc/vfio-early.conf.d/50-ansible.conf", b"")
    wanted = [["Install the package of a file", "Make the folder of the rules",
               "Rebuild the boot images", "Write the rules"], [], ["Rebuild the boot images"]]
    wrong = [f"run {number + 1} changed {found}, not {wanted[number]}"
             for number, found in enumerate(changed) if found != wanted[number]]
    wrong += [f"run {number + 1} has no recap" for number, recap in enumerate(recaps) if not recap]
    if RULE not in image.decode().splitlines():
        wrong.append(f"the image has the rules {image!r}")
    return wrong


def tasks_changed(path: Path) -> set[str]:
    """Return the tasks that changed something, of what ansible-playbook prints."""
    parts = re.split(r"^TASK \[(?:\S+ : )?(.*)\] \**$", path.read_text(encoding="utf-8"),
                     flags=re.MULTILINE)
    return {name for name, said in zip(parts[1::2], parts[2::2])
            if re.search(r"^changed: ", said, re.MULTILINE)}
