"""Files as a hospital gets them, with made-up codes and names, and what a loader makes of them."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from terminology.check_digits import is_loinc_code
from terminology.loaders.report import Report
from terminology.loaders.sources import source_of
from terminology.releases.release import Release
from terminology.releases.writing import ReleaseWriter

Table = list[dict[str, str]]


def loinc_code(number: int) -> str:
    """The code of a number, with its check digit."""
    return next(f"{number}-{d}" for d in range(10) if is_loinc_code(f"{number}-{d}"))


def csv_of(rows: Table, columns: Sequence[str] = ()) -> str:
    """A CSV file as LOINC writes it: every field in quotes."""
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, quoting=csv.QUOTE_ALL, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def loaded(
    load: Callable[..., Any], filterable: Sequence[str], *paths: Path, **options: Any
) -> tuple[Release, Report]:
    """What a loader makes of files: the release and the account of its rows."""
    report = Report()
    writer = ReleaseWriter(paths[0].parent / "releases", filterable=filterable)
    try:
        about = load([source_of(each) for each in paths], writer, report, **options)
    except ValueError:
        writer.discard()
        raise
    return Release(writer.finish(about)), report


def content(release: Release) -> list[Any]:
    """Everything that can be asked of a release."""
    names = sorted(release.filterable)
    return [
        release.about,
        list(release),
        [(name, v, p.tolist()) for name in names for v, p in sorted_values(release, name)],
    ]


def sorted_values(release: Release, name: str) -> list[Any]:
    return sorted(release.values_of(name), key=lambda each: each[0])


def codes(release: Release, positions: Any) -> list[str]:
    return release.codes(positions.tolist())
