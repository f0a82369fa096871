"""What `attending terms map` says of items, candidates, reasons and refusals."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from fhir_server.text_catalogue import say
from inference.contract import Language
from terminology.local_mapping.dictionary import DictionaryRefused
from terminology.local_mapping.measured import Measurement
from terminology.local_mapping.review import CANDIDATES, COLUMNS, ReviewRefused
from terminology.local_mapping.suggest import Reason, Suggested

LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
_LIST: Final = ("system", "code", "name", "unit", "specimen", "place", "loinc", "display", "share")


def headers() -> Mapping[str, str]:
    """Return the column of each printed header of a review list, in either language."""
    return {say(each, f"map.column.{name}"): name for name in COLUMNS for each in LANGUAGES}


def write_candidates(path: Path, found: Iterable[Suggested], language: Language) -> None:
    """Write every suggestion with its reasons, a line each."""
    _write(
        path,
        [say(language, f"map.column.{name}") for name in (*_LIST, "reasons")],
        (row for each in found for row in _candidate_rows(each, language)),
    )


def write_review(path: Path, found: Iterable[Suggested], language: Language) -> None:
    """Write the items that no rule accepted, a line each, with an empty cell for the decision."""
    _write(
        path,
        [say(language, f"map.column.{name}") for name in COLUMNS],
        (_review_row(each, language) for each in found),
    )


def measured(measurement: Measurement, language: Language) -> str:
    """Return what was measured of the rules, as one line."""
    return say(
        language,
        "map.measured" if measurement.allows() else "map.measured-off",
        rules=measurement.rules,
        items=measurement.items,
        accepted=measurement.accepted,
        wrong=measurement.wrong,
        precision=f"{100 * measurement.precision():.1f}",
        bound=f"{100 * measurement.lower_bound():.1f}",
        source=measurement.source,
        date=measurement.date,
    )


def refusal(refused: DictionaryRefused | ReviewRefused, file: str, language: Language) -> str:
    """Return why a file is not taken: what, where, and what mends it."""
    return say(language, f"map.refused.{refused.fault}", file=file, **refused.values)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    # With a byte order mark spreadsheets read Chinese as UTF-8.
    with path.open("x", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _candidate_rows(found: Suggested, language: Language) -> Iterable[list[str]]:
    item = found.item
    for place, each in enumerate(found.suggestions, start=1):
        yield [
            *(item.system, item.code, " ".join(item.names), item.unit, item.specimen, str(place)),
            *(each.candidate.code, each.candidate.display(), f"{each.share:.2f}"),
            "; ".join(_reason(reason, language) for reason in each.reasons),
        ]


def _review_row(found: Suggested, language: Language) -> list[str]:
    item = found.item
    offered = [f"{each.candidate.code} {each.candidate.display()}" for each in found.suggestions]
    offered += [""] * (len(CANDIDATES) - len(offered))
    return [
        *(item.system, item.code, " ".join(item.names), item.unit, item.specimen),
        say(language, f"map.doubt.{found.doubt}"),
        *offered,
        "",
    ]


def _reason(reason: Reason, language: Language) -> str:
    return say(language, f"map.reason.{reason.code}", **reason.values)
