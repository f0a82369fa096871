"""Why a difference is one: written rules, each for a kind of difference at named elements."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from scripts.compare_hl7v2.elements import Compared

RULES: Final = Path(__file__).with_name("rules.json")
Verdict: TypeAlias = Literal["ours", "theirs", "choice"]
# Whose output it is. `source`: the Bundle was not made of the message, the message was made of it.
Engine: TypeAlias = Literal["microsoft", "reportstream", "source"]
# A rule that takes elements that do not exist would take any difference.
_NOWHERE: Final = (
    "Nonsense",
    "Nonsense.unheard",
    *(
        f"{type}.{element}"
        for type in (
            "DiagnosticReport",
            "DocumentReference",
            "Encounter",
            "Observation",
            "Patient",
            "Provenance",
            "ServiceRequest",
            "Specimen",
        )
        for element in ("unheard", "unheard.of")
    ),
)


def engine_of(path: str) -> Engine:
    """Return whose output stands beside the message of a path of the file."""
    if path.startswith("microsoft/"):
        return "microsoft"
    return "source" if "/FHIR_to_HL7/" in path else "reportstream"


class RuleError(Exception):
    """A rule says too little or takes too much."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason for differences.

    `path` (a regular expression of the whole path) and the kinds say where; `ours` and `theirs`
    (regular expressions found in the values) and `engine` narrow it. `source` is the section of
    the specification, or of docs/reference/hl7v2-mapping.md for a choice.
    """

    path: str
    kinds: list[
        Literal["digits", "differs", "ours-only", "theirs-only", "ours-alone", "theirs-alone"]
    ]
    verdict: Verdict
    reason: str
    source: str
    ours: str = ""
    theirs: str = ""
    engine: Engine | None = None

    def takes(self, difference: Compared, kind: str, engine: str) -> bool:
        """Whether the rule explains a difference of a message of `engine`."""
        return (
            kind in self.kinds
            and self.engine in (None, engine)
            and re.fullmatch(self.path, difference.path) is not None
            and _found(self.ours, difference.ours)
            and _found(self.theirs, difference.theirs)
        )


@dataclass(slots=True)
class Rules:
    """All rules, the first that takes a difference decides; `used` counts what each took."""

    rules: Sequence[Rule]
    used: Counter[int] = field(default_factory=Counter)

    def judge(self, difference: Compared, kind: str, engine: str) -> int | None:
        """Return the number of the rule that explains a difference, None where none does."""
        for number, rule in enumerate(self.rules):
            if rule.takes(difference, kind, engine):
                self.used[number] += 1
                return number
        return None

    @property
    def unused(self) -> list[Rule]:
        """The rules that explained nothing."""
        return [rule for number, rule in enumerate(self.rules) if not self.used[number]]


def load_rules(path: Path = RULES) -> Rules:
    """Return the rules of a file; RuleError where one has no reason or takes everything."""
    rules = msgspec.json.decode(path.read_bytes(), type=list[Rule])
    for rule in rules:
        if not rule.reason or not rule.source or not rule.kinds:
            raise RuleError(f"{rule.path}: kinds, reason and source are needed")
        if any(re.fullmatch(rule.path, nowhere) for nowhere in _NOWHERE):
            raise RuleError(f"{rule.path}: takes elements that do not exist")
    return Rules(rules)


def _found(pattern: str, value: Any) -> bool:
    return not pattern or re.search(pattern, str(value)) is not None
