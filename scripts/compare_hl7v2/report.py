"""The report of a comparison: agreement, reasons, what was not compared; as lines and as a page."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.r4.codec import JsonObject
from scripts.compare_hl7v2.elements import Compared, without_private
from scripts.compare_hl7v2.ours import Converted
from scripts.compare_hl7v2.pairing import compare_resources
from scripts.compare_hl7v2.rules import Rule, Rules, engine_of


@dataclass(slots=True)
class Report:
    """What was found in all messages so far."""

    rules: Rules
    compared: int = 0
    as_sent: int = 0
    lent: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    kinds: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    private: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    unclassed: list[tuple[int, Compared]] = field(default_factory=list)
    by_rule: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self,
        number: int,
        message: dict[str, Any],
        converted: Converted,
        theirs: Sequence[JsonObject],
    ) -> Iterator[Compared]:
        """Count a message; yield its differences."""
        if converted.refusal:
            kind = message["hl7"].partition("|")[2].split("|")[7]
            self.refused.append((number, kind, converted.refusal))
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
        for element in found.elements:
            self.kinds[element.path.partition(".")[0]][element.kind] += 1
            if element.kind not in ("equal", "spelled"):
                self._judge(number, element, element.kind, engine)
                yield element
        for side, alone in (("ours-alone", found.ours_alone), ("theirs-alone", found.theirs_alone)):
            for resource in alone:
                whole = Compared(resource["resourceType"], "differs", resource, resource)
                self.kinds[resource["resourceType"]][side] += 1
                self._judge(number, whole, side, engine)
                yield Compared(f"{resource['resourceType']} {side}", "differs", None, resource)

    def _judge(self, number: int, difference: Compared, kind: str, engine: str) -> None:
        rule = self.rules.judge(difference, kind, engine)
        if rule is None:
            self.unclassed.append((number, difference))
        else:
            self.verdicts[rule.verdict, "resource" if kind.endswith("alone") else "element"] += 1
            self.by_rule[self.rules.rules.index(rule)].append(number)

    def lines(self) -> Iterator[str]:
        """Yield the report as it is printed."""
        yield from self._agreement()
        for number, difference in self.unclassed[:400]:
            yield (
                f"UNCLASSED {number} {difference.kind} {difference.path}: "
                f"{difference.ours!s:.80} | {difference.theirs!s:.80}"
            )

    def _agreement(self) -> Iterator[str]:
        yield f"compared {self.compared}, as sent {self.as_sent}, lent {dict(self.lent)}"
        for kind, counts in sorted(self.kinds.items()):
            yield f"{kind:20} {dict(counts)}"
        yield str(dict(self.verdicts))


def page(report: Report) -> str:
    """Return the report as a Markdown page."""
    return "\n".join(report.lines())


def _unused(rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        yield f"UNUSED {rule.path}: {rule.reason}"
