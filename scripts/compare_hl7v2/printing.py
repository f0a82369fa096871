"""The report of a comparison as lines for a terminal and as docs/reference/hl7v2-comparison.md."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from scripts.compare_hl7v2.report import (
    Report,
    agreement,
    both_say,
    reasons,
    total,
    verdicts,
)

_TITLES: Final = {
    "ours": "This server is wrong, or lacks what the guide maps",
    "theirs": "The other engine is wrong",
    "choice": "A choice: the guide is silent, permits both, or we decided otherwise",
}
_CLINICAL: Final = "all but Provenance"
_HEAD: Final = """# HL7v2 conversion beside other engines, element by element

Written by `python -m scripts.compare_hl7v2 FILE --page docs/reference/hl7v2-comparison.md`.

{messages} messages are known with the FHIR that another engine made of them: Microsoft's FHIR
converter (`microsoft`), the CDC's ReportStream (`reportstream`), and Bundles of ReportStream of
which the message was made, not the reverse (`source`): they hold what no message says. Each
message goes through the intake into a store of its own; the resources that are then stored are
paired with the other engine's by type and content, references are compared by what they point
to, and every element is counted. An instant with another offset, and zeros behind the point of a
second, are the same; a number with other digits is not. Extensions of an engine's own making are
set aside. Every difference is explained by a rule (`scripts/compare_hl7v2/rules.json`); one that
none explains fails the command.

The other engines take messages without sender, patient number or time, which this server refuses
(docs/reference/hl7v2-mapping.md, "Refused"). What a message lacked was lent to it so that its
content could be compared; what came of the loan is in no count.
"""


def lines(report: Report) -> Iterator[str]:
    """Yield the report for a terminal."""
    yield from _messages(report)
    yield ""
    yield f"{'':22}{'equal':>8}{'all':>8}{'share':>8}{'both say':>10}"
    for name, counts in (*_types(report), ("all types", total(report))):
        equal, both = agreement(counts), both_say(counts)
        yield (
            f"{name:22}{equal.equal:8}{equal.all:8}{equal.equal / (equal.all or 1):8.1%}"
            f"{both.equal / (both.all or 1):10.1%}"
        )
    yield ""
    for verdict, count in sorted(verdicts(report).items()):
        yield f"{verdict}: {count} differences for {len(reasons(report, verdict))} reasons"
    for rule, count, messages in reasons(report, "ours"):
        yield f"  {count} x {rule.reason} [{rule.source}], messages {_some(messages)}"
    for number, kind, difference in report.unclassed:
        yield (
            f"UNCLASSED {number} {kind} {difference.path}: "
            f"{difference.ours!s:.80} | {difference.theirs!s:.80}"
        )
    for rule in report.rules.unused:
        yield f"UNUSED {rule.path}: {rule.reason}"
    yield f"{len(report.unclassed)} differences without a rule"


def page(report: Report) -> str:
    """Return the report as a Markdown page."""
    return "\n".join(_page(report)) + "\n"


def _page(report: Report) -> Iterator[str]:
    yield _HEAD.format(messages=report.compared + len(report.refused))
    yield "## Messages\n"
    yield from (f"- {line}" for line in _messages(report))
    yield "\n## Agreement\n"
    yield "`both say`: of the elements that both sides have. `all`: those of one side only too.\n"
    yield "| resource | pairs | all | both say | spelled otherwise | other digits |"
    yield "|---|---|---|---|---|---|"
    for name, counts in (*_types(report), ("all", total(report))):
        pairs = _pairs(report, name)
        yield (
            f"| {name} | {pairs} | {agreement(counts)} | {both_say(counts)} "
            f"| {counts['spelled']} | {counts['digits']} |"
        )
    yield "\n| engine | all | both say |\n|---|---|---|"
    for name, counts in sorted(report.engines.items()):
        yield f"| {name} | {agreement(counts)} | {both_say(counts)} |"
    yield from _alone(report)
    yield from _differences(report)
    yield from _refused(report)


def _messages(report: Report) -> Iterator[str]:
    yield (
        f"{report.compared} compared, {report.as_sent} of them as they came; "
        f"{len(report.refused)} refused"
    )
    lent = ", ".join(f"{name} ({count})" for name, count in report.lent.most_common())
    yield f"lent, by number of messages: {lent}"
    yield f"set aside: {report.private.total()} extensions of an engine's own making"


def _pairs(report: Report, name: str) -> int:
    if name == _CLINICAL:
        return report.pairs.total() - report.pairs["Provenance"]
    return report.pairs.get(name, report.pairs.total())


def _types(report: Report) -> list[tuple[str, Counter[str]]]:
    """Return the kinds by type, and those of all types that hold what a patient's record says."""
    clinical = [counts for name, counts in report.kinds.items() if name != "Provenance"]
    return [*sorted(report.kinds.items()), (_CLINICAL, sum(clinical, Counter[str]()))]


def _alone(report: Report) -> Iterator[str]:
    yield "\n## Resources that one side has alone\n"
    yield "| resource | ours | theirs |\n|---|---|---|"
    for name, counts in sorted(report.alone.items()):
        yield f"| {name} | {counts['ours-alone']} | {counts['theirs-alone']} |"


def _differences(report: Report) -> Iterator[str]:
    counts = verdicts(report)
    yield "\n## Differences and their reasons\n"
    yield "Elements, and resources that one side has alone, by verdict: " + ", ".join(
        f"{verdict} {counts[verdict]}" for verdict in _TITLES
    )
    for verdict, title in _TITLES.items():
        yield f"\n### {title}\n"
        found = reasons(report, verdict)
        if not found:
            yield "None."
            continue
        yield "| differences | messages | reason | source |\n|---|---|---|---|"
        merged: dict[tuple[str, str], tuple[int, set[int]]] = {}
        for rule, count, messages in found:
            known, numbers = merged.get((rule.reason, rule.source), (0, set()))
            merged[rule.reason, rule.source] = known + count, numbers | set(messages)
        for (reason, source), (count, numbers) in merged.items():
            yield f"| {count} | {_some(sorted(numbers))} | {reason} | {source} |"


def _refused(report: Report) -> Iterator[str]:
    yield "\n## Refused\n"
    by_reason: dict[str, list[int]] = {}
    for number, kind, text in report.refused:
        by_reason.setdefault(f"{kind.replace('^', ' ')}: {text}", []).append(number)
    yield "| messages | why |\n|---|---|"
    for reason, numbers in sorted(by_reason.items()):
        yield f"| {_some(numbers)} | {reason} |"


def _some(numbers: Iterable[int]) -> str:
    """Return the numbers (lines of the file, from 0) of a few messages, and how many more."""
    found = list(numbers)
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return ", ".join(str(number) for number in found[:5]) + more
