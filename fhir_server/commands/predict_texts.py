"""What `attending predict` says of a file and of its rows."""

import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_server.text_catalogue import say
from inference.batch.errors import BatchRefused
from inference.batch.plan import SEX, Plan, split_header
from inference.batch.refusal import Refusal
from inference.batch.scoring import Scored
from inference.contract import Language


def file_refusal(refused: BatchRefused, language: Language) -> str:
    """Return why a whole file is refused, and how to mend it."""
    return say(language, f"predict.refused.{refused.code}", **refused.details)


def refused_json(refusal: Refusal, plan: Plan, language: Language) -> dict[str, Any]:
    """Return one refused value as a line of the file of refusals."""
    found = {
        "row": refusal.row,
        "id": refusal.id,
        "scored": not refusal.whole,
        "column": refusal.column,
        "value": refusal.value,
        "code": refusal.code,
        "low": refusal.low,
        "high": refusal.high,
        "unit": refusal.unit,
        "reason": _reason(refusal, plan, language),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _reason(refusal: Refusal, plan: Plan, language: Language) -> str:
    if refusal.code == "excluded":
        for exclusion, column in plan.states:
            if column.header == refusal.column:
                return exclusion.reason.said_in(language)
    code: str = refusal.code
    if code == "not-a-flag" and split_header(refusal.column)[0] == SEX:
        code = "not-a-sex"
    bounds = {name: _bound(value) for name, value in (("low", refusal.low), ("high", refusal.high))}
    return say(
        language,
        f"predict.row.{code}",
        column=refusal.column,
        value=refusal.value,
        unit=refusal.unit,
        **bounds,
    )


def _bound(value: float | None) -> str:
    return "…" if value is None else f"{value:.6g}"


@dataclass(slots=True)
class Tally:
    """Counts what became of the rows, and tells it at the end."""

    language: Language
    total: int = 0
    refused: int = 0
    left_out: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    def open(self, plan: Plan) -> None:
        """Tell at the start what of the file is not used, and what the model will not know."""
        for key, names in (
            ("unused", plan.unused),
            ("without-column", plan.without_column),
            ("states-unknown", plan.unknown),
        ):
            if names:
                print(say(self.language, f"predict.{key}", names=", ".join(names)), file=sys.stderr)

    def add(self, scored: Scored) -> None:
        """Count a chunk of a table."""
        self.total += scored.total
        self.refused += scored.total - len(scored.rows)
        self.left_out += sum(not refusal.whole for refusal in scored.refusals)
        self.codes.update(refusal.code for refusal in scored.refusals)

    def count(self, code: str | None) -> None:
        """Count a patient; `code` is why there is no estimate."""
        self.total += 1
        if code is not None:
            self.refused += 1
            self.codes[code] += 1

    def tell(self, results: Path, refused: Path) -> None:
        """Print the counts and where the files are."""
        scored = self.total - self.refused
        print(say(self.language, "predict.done", scored=scored, total=self.total, path=results))
        if self.codes:
            listed = ", ".join(f"{code} {count}" for code, count in self.codes.most_common())
            print(
                say(
                    self.language,
                    "predict.some-refused",
                    refused=self.refused,
                    left_out=self.left_out,
                    codes=listed,
                    path=refused,
                ),
                file=sys.stderr,
            )
