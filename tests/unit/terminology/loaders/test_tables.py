"""Rows by the names of their columns: quotes over lines, damage, encodings."""

from pathlib import Path

import pytest

from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused, source_of
from terminology.loaders.tables import File, rows


def read(folder: Path, text: str, *needed: str) -> tuple[list[tuple[int, str]], Report]:
    path = folder / "given.csv"
    path.write_text(text, "utf-8")
    report = Report()
    found = rows(File(source_of(path), "given.csv"), needed, report)
    return [(row.line, row["code"]) for row in found], report


def test_a_field_may_go_on_over_lines_and_a_row_is_where_it_begins(tmp_path: Path) -> None:
    text = 'code,name\n"A","first\n\nthird"\nB,"he said ""no"""\n\nC,5" long\n'
    found, report = read(tmp_path, text, "code", "name")
    assert found == [(2, "A"), (5, "B"), (7, "C")]
    assert report.refusals == []


def test_after_a_quote_that_is_not_closed_only_its_line_is_lost(tmp_path: Path) -> None:
    text = '"code","name"\n"A","first\n"B","second"\n"C","third"\n'
    found, report = read(tmp_path, text, "code")
    assert found == [(3, "B"), (4, "C")]
    assert [(each.line, each.text) for each in report.refusals] == [(2, '"A","first')]


def test_a_quote_that_is_never_closed_does_not_take_the_rest_with_it(tmp_path: Path) -> None:
    lines = [f"{number},x" for number in range(2000)]
    found, report = read(tmp_path, "\n".join(("code,name", '"A,x', *lines)), "code")
    assert [code for _, code in found] == [str(number) for number in range(2000)]
    assert [each.line for each in report.refusals] == [2]


@pytest.mark.parametrize(
    ("header", "says"),
    [("name", "code is missing"), ("code,code", "code stands twice"), ("", "code is missing")],
)
def test_a_column_that_is_missing_is_named(tmp_path: Path, header: str, says: str) -> None:
    with pytest.raises(SourceRefused, match=rf"given\.csv: the column {says}"):
        read(tmp_path, f"{header}\nA\n", "code")
