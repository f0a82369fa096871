"""What a comparison found: agreement, differences with their reasons, what was not compared."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.r4.codec import JsonObject
from scripts.compare_hl7v2.elements import Compared, without_private
from scripts.compare_hl7v2.ours import Converted
from scripts.compare_hl7v2.pairing import compare_resources
from scripts.compare_hl7v2.rules import Engine, Rule, Rules, engine_of


@dataclass(slots=True)
class Report:
    """What was found in all messages so far.

    `kinds` counts elements of paired resources, by type and kind; `alone` resources that only
    one side has, by type and side; `taken` the messages, elements and resources of each rule.
    """

    rules: Rules
    compared: int = 0
    as_sent: int = 0
    lent: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    kinds: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    engines: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    alone: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    private: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    taken: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    unclassed: list[tuple[int, str, Compared]] = field(default_factory=list)

    def add(
        self,
        number: int,
        message: dict[str, Any],
        converted: Converted,
        theirs: Sequence[JsonObject],
    ) -> Iterator[tuple[str, Compared]]:
        """Count a message; yield kind and element of each difference."""
        if converted.refusal:
            self.refused.append((number, type_of(message["hl7"]), converted.refusal))
            return
        self.compared += 1
        self.as_sent += not converted.lent
        self.lent.update(converted.lent)
        engine = engine_of(message["path"])
        plain = [
            without_private({"id": f"without-id-{place}", **each}, self.private)
            for place, each in enumerate(theirs)
        ]
        found = compare_resources(converted.resources, plain)
        self.pairs.update(found.pairs)
        for element in found.elements:
            self.kinds[element.path.partition(".")[0]][element.kind] += 1
            self.engines[engine][element.kind] += 1
            if element.kind not in ("equal", "spelled"):
                self._judge(number, element, element.kind, engine)
                yield element.kind, element
        yield from self._alone(number, "ours-alone", found.ours_alone, engine)
        yield from self._alone(number, "theirs-alone", found.theirs_alone, engine)

    def _alone(
        self, number: int, side: str, resources: Sequence[JsonObject], engine: Engine
    ) -> Iterator[tuple[str, Compared]]:
        for resource in resources:
            whole = Compared(resource["resourceType"], "differs", resource, resource)
            self.alone[whole.path][side] += 1
            self._judge(number, whole, side, engine)
            yield side, whole

    def _judge(self, number: int, difference: Compared, kind: str, engine: Engine) -> None:
        rule = self.rules.judge(difference, kind, engine)
        if rule is None:
            self.unclassed.append((number, kind, difference))
        else:
            self.taken[rule].append(number)


def type_of(message: str) -> str:
    """Return MSH-9 as it stands."""
    return (*message.split(message[3], 9), *[""] * 9)[8]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Elements of paired resources: equal ones (spelled otherwise included), and all."""

    equal: int
    all: int

    def __str__(self) -> str:
        share = 100 * self.equal / self.all if self.all else 0.0
        return f"{self.equal} of {self.all} ({share:.1f} %)"


def agreement(counts: Counter[str]) -> Agreement:
    """Return the agreement of counted kinds."""
    return Agreement(counts["equal"] + counts["spelled"], counts.total())


def both_say(counts: Counter[str]) -> Agreement:
    """Return the agreement where both sides have the element."""
    both = ("equal", "spelled", "digits", "differs")
    return agreement(Counter({kind: counts[kind] for kind in both}))


def total(report: Report) -> Counter[str]:
    """Return the kinds of elements of all types together."""
    return sum(report.kinds.values(), Counter[str]())


def verdicts(report: Report) -> Counter[str]:
    """Return how many differences, elements and lone resources, each verdict has."""
    found: Counter[str] = Counter()
    for number, messages in report.taken.items():
        found[report.rules.rules[number].verdict] += len(messages)
    return found


def reasons(report: Report, verdict: str) -> list[tuple[Rule, int, list[int]]]:
    """Return the rules of a verdict with their differences and messages, the most first."""
    found = [
        (report.rules.rules[number], len(messages), sorted(set(messages)))
        for number, messages in report.taken.items()
        if report.rules.rules[number].verdict == verdict
    ]
    return sorted(found, key=lambda each: (-each[1], each[0].path))
