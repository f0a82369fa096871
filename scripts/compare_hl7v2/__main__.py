"""Compare what messages become here with what another engine made of them, element by element.

    python -m scripts.compare_hl7v2 messages.jsonl.gz
    python -m scripts.compare_hl7v2 messages.jsonl.gz --show Observation.code

Each line of the file is JSON with `path`, `hl7` and, where the other engine's output is known,
`expected_fhir`. Every difference is ours, theirs, or a choice, by `rules.json`; one that no rule
explains, or a rule that explains nothing, fails the command.
"""

import argparse
import asyncio
import gzip
import json
import logging
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from scripts.compare_hl7v2.elements import Compared
from scripts.compare_hl7v2.ours import convert
from scripts.compare_hl7v2.printing import lines, page
from scripts.compare_hl7v2.report import Report
from scripts.compare_hl7v2.rules import load_rules


def main() -> int:
    """Compare a file; return 1 where a difference has no rule, or a rule no difference."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="messages.jsonl.gz")
    parser.add_argument("--show", metavar="PATH", help="print the differences at these elements")
    parser.add_argument("--only", type=int, metavar="N", help="the message of this line alone")
    parser.add_argument("--page", type=Path, help="write the report as Markdown to this file")
    arguments = parser.parse_args()
    # Refusals are listed in the report; each is logged by the intake as well.
    logging.disable(logging.ERROR)
    shown = re.compile(arguments.show) if arguments.show else None
    report = asyncio.run(_compared(arguments.file, arguments.only, shown))
    if arguments.page is not None:
        arguments.page.write_text(page(report), encoding="utf-8")
    print("\n".join(lines(report)))
    return 1 if report.unclassed or (arguments.only is None and report.rules.unused) else 0


async def _compared(file: Path, only: int | None, shown: re.Pattern[str] | None) -> Report:
    report = Report(load_rules())
    messages = [each for each in _messages(file) if only in (None, each[0])]
    for done, (number, message) in enumerate(messages, start=1):
        _progress(done, len(messages))
        converted = await convert(message["hl7"])
        theirs = [entry["resource"] for entry in message["expected_fhir"].get("entry", ())]
        for kind, difference in report.add(number, message, converted, theirs):
            if shown is not None and shown.match(difference.path):
                _show(number, kind, difference)
    return report


def _messages(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            # Digits as they are written: 1.0 is not 1.
            message = json.loads(line, parse_float=Decimal)
            if message.get("expected_fhir"):
                yield number, message


def _progress(done: int, all: int) -> None:
    if sys.stderr.isatty() or done == all or not done % 20:
        print(f"\r{done}/{all} messages", end="\n" if done == all else "", file=sys.stderr)


def _show(number: int, kind: str, difference: Compared) -> None:
    print(
        f"{number:3} {kind:12} {difference.path}\n"
        f"      ours   {difference.ours!s:.200}\n      theirs {difference.theirs!s:.200}"
    )


if __name__ == "__main__":
    sys.exit(main())
