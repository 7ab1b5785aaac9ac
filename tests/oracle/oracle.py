# SPDX-License-Identifier: LGPL-2.1-or-later
"""What has to become of each PCI function, written from the words of vfio-early.conf(5).

A second opinion: nothing here is taken from the C code or made like it. There, rules are
walked and mark functions; here, each function is asked by itself which rules are about it.
"""

from __future__ import annotations

from typing import Optional, Sequence

from model import ETC, LIB, RUN, Address, Config, File, Function, Host, Rule

LETS_GO = {"xhci_hcd", "snd_hda_intel", "e1000e", "igb", "ahci", "nvme", "vfio-pci", "pci-stub"}
STORAGE, NETWORK, DISPLAY = 0x01, 0x02, 0x03


# The words of class=: by how many digits, and which.
WORDS = {
    "display": ("03",), "audio": ("0401", "0403"), "multimedia": ("04",), "usb": ("0c03",),
    "nvme": ("0108",), "sata": ("0106",), "storage": ("01",), "ethernet": ("0200",),
    "network": ("02",), "wireless": ("0d",), "communication": ("07",), "input": ("09",),
    "memory": ("05",), "serial-bus": ("0c",), "smbus": ("0c05",), "system": ("08",),
    "bridge": ("06",), "encryption": ("10",), "signal-processing": ("11",),
    "accelerator": ("12",)}


def outcome(machine: Sequence[Function], config: Config,
            host: Host = Host()) -> dict[Address, str]:
    """The driver that each function is to be on, or "refused GUARD"; others stay as they are."""
    rules = effective_rules(config)
    if rules is None or config.off:
        return {}
    chosen = {function.address: verdict for function in machine
              if (verdict := judge(machine, rules, host, function)) is not None}
    verdicts = {at: said for at, (said, _) in chosen.items()}
    rule_of = {at: rule for at, (_, rule) in chosen.items()}
    if not host.other_keyboard:
        keep_one(machine, verdicts, rule_of, "keyboard",
                 [f for f in machine if f.address in host.keyboards])
    keep_one(machine, verdicts, rule_of, "last-display", [f for f in machine if is_display(f)])
    return verdicts


def is_display(function: Function) -> bool:
    """Class 0302 has no outputs."""
    return function.pci_class >> 16 == DISPLAY and function.pci_class >> 8 != 0x0302


def keep_one(machine: Sequence[Function], verdicts: dict[Address, str],
             rule_of: dict[Address, Rule], guard: str, those: Sequence[Function]) -> None:
    """Of those that the host has, one stays: the boot display, or else the first."""
    hosts = [f for f in those if f.driver not in ("vfio-pci", "pci-stub")]
    if any(verdicts.get(f.address, "refused").startswith("refused") for f in hosts):
        return
    open_to = [f for f in hosts if guard not in rule_of[f.address].allow]
    open_to.sort(key=lambda f: (not f.boot_display, f.address))
    if open_to:
        verdicts[open_to[0].address] = f"refused {guard}"


def effective_rules(config: Config) -> Optional[list[Rule]]:
    """All rules in order; None where a file cannot be read, for then nothing is taken."""
    files = [config.main] if config.main else []
    files += masked(config)
    if any(file.unusable for file in files):
        return None
    return [rule for file in files for rule in file.rules] + list(config.cmdline_rules)


def masked(config: Config) -> list[File]:
    """The drop-ins by name: /etc goes before /run, and /run before /usr/lib."""
    chosen: dict[bytes, File] = {}
    for folder in (LIB, RUN, ETC):
        chosen.update({file.name.encode(): file for file in config.dropins.get(folder, ())})
    return [chosen[name] for name in sorted(chosen)]


def is_infrastructure(function: Function) -> bool:
    """What is never reached by a group or by widening."""
    base, sub = function.pci_class >> 16, function.pci_class >> 8
    return function.bridge or base in (0x06, 0x08) or sub in (0x0500, 0x0c05)


def may_reach(rule: Rule, function: Function) -> bool:
    """Groups and widening are about endpoints, but to keep is to keep everything."""
    return rule.keep or not is_infrastructure(function)


def id_fits(rule: Rule, function: Function) -> bool:
    return rule.id is None or all(wanted is None or wanted == found
                                  for wanted, found in zip(rule.id, function.id))


def address_fits(rule: Rule, function: Function) -> bool:
    if rule.address is None:
        return True
    at = function.address
    return rule.address[:3] == at.slot and rule.address[3] in (None, at.function)


def group_fits(machine: Sequence[Function], rule: Rule, function: Function) -> bool:
    wanted = rule.group
    if wanted is None:
        return True
    if isinstance(wanted, Address):
        wanted = next((f.group for f in machine if f.address == wanted), None)
    return wanted is not None and function.group == wanted and may_reach(rule, function)


def describes(rule: Rule, function: Function) -> bool:
    """The terms that are about the device itself, but for its id."""
    digits = f"{function.pci_class:06x}"
    return ((rule.pci_class is None or any(
                digits.startswith(d.lower())
                for d in WORDS.get(rule.pci_class, (rule.pci_class,))))
            and rule.serial in (None, function.serial)
            and rule.vf_of in (None, function.vf_of)
            and (rule.boot_display is None
                 or function.pci_class >> 16 == DISPLAY
                 and function.boot_display == rule.boot_display))


def says_where(rule: Rule) -> bool:
    return rule.address is not None or rule.path is not None


def names(machine: Sequence[Function], rule: Rule, function: Function) -> bool:
    """Whether the rule's terms name it: every one has to hold.

    In a rule to take that says where, the id says what has to be there: not finding it there
    is another matter than naming nothing.
    """
    place = (address_fits(rule, function) and rule.path in (None, function.path)
             and group_fits(machine, rule, function) and describes(rule, function))
    checks_only = says_where(rule) and not rule.keep
    return place and (checks_only or id_fits(rule, function))


def widens_to(machine: Sequence[Function], rule: Rule, function: Function) -> bool:
    """Whether with= brings the rule to a function that its terms do not name."""
    if rule.widen is None or not may_reach(rule, function):
        return False
    for other in machine:
        near = other.address.slot == function.address.slot if rule.widen == "slot" else \
            other.group is not None and other.group == function.group
        if near and names(machine, rule, other) and id_fits(rule, other):
            return True
    return False


def judge(machine: Sequence[Function], rules: Sequence[Rule], host: Host,
          function: Function) -> Optional[tuple[str, Rule]]:
    wanting = []
    for rule in rules:
        named = names(machine, rule, function)
        if not named and not widens_to(machine, rule, function):
            continue
        if rule.keep:
            return None
        wanting.append((rule, named and not id_fits(rule, function)))
    if not wanting:
        return None
    # The first rule wins, but one that expects another device here is not about this one.
    rule, stranger = next(((r, s) for r, s in wanting if not s), wanting[0])
    guard = refusal(rule, stranger, host, function)
    return (f"refused {guard}" if guard else rule.driver), rule


def refusal(rule: Rule, stranger: bool, host: Host, function: Function) -> Optional[str]:
    """The first guard of the table that refuses, but for the two that keep one of several."""
    smbus = function.pci_class >> 8 == 0x0c05 and not function.bridge
    base = function.pci_class >> 16
    if is_infrastructure(function) and not (smbus and "bridge" in rule.allow):
        return "bridge"
    if stranger:
        return "identity"
    for guard, refuses in (
            ("no-iommu", function.group is None),
            ("root-disk", function.address in host.disks),
            ("storage", base == STORAGE and host.root == "unknown"),
            ("network", function.address in host.networks
             or base == NETWORK and not host.networks
             and (host.root == "network" or host.silent))):
        if refuses and guard not in rule.allow:
            return guard
    if function.driver not in (None, rule.driver):
        if rule.unbind == "never":
            return "bound"
        if rule.unbind == "safe" and (base == DISPLAY or function.in_use
                                      or function.driver not in LETS_GO):
            return "bound"
    return None
