"""Releases do not depend on the order of rows and columns; damage costs the damaged row alone."""

import random
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from terminology.loaders import atc, icd10, loinc
from tests.unit.terminology.loaders.deliveries import (
    content,
    csv_of,
    loaded,
    loinc_code,
    zipped,
)
from tests.unit.terminology.loaders.loinc_delivery import tables, term, written

_DRUGS = [
    {"code": code, "name": f"name of {code}"} for code in ("X", "X01", "X01A", "X01AA", "X01AA01")
]
_DISEASES = [
    {"编码": code, "名称": f"{code} 的名称", "附加码": ""}
    for code in ("A00-A09", "A00", "A00.0", "A00.000", "A17.0†", "A17", "A00.000x001")
]


_TERMS = [
    term(loinc_code(9000100 + n), f"Testase {n} in Serum", "Testase", "MCnc", "Pt", "Ser", "Qn")
    for n in range(12)
]
_DAMAGES = {
    "a quote lost": lambda line: line[::-1].replace('"', "", 1)[::-1],
    "a column lost": lambda line: line.rpartition(",")[0],
    "cut off": lambda line: line[: len(line) // 2],
    "a wrong digit": lambda line: line.replace(line[1:10], "9000100-x", 1),
    "no text": lambda line: "\x00\x01",
}


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.integers(0, len(_TERMS) - 1),
        st.sampled_from(sorted(_DAMAGES)),
        # A file without any good row is refused as a whole.
        max_size=len(_TERMS) - 1,
    )
)
def test_every_damaged_row_is_refused_and_every_other_one_is_there(damaged: dict[int, str]) -> None:
    header, *lines = csv_of(_TERMS).splitlines()
    torn = [_DAMAGES[damaged[n]](line) if n in damaged else line for n, line in enumerate(lines)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Loinc_2.80").mkdir()
        path = Path(folder, "Loinc_2.80", "Loinc.csv")
        path.write_text("\n".join((header, *torn, "")), "utf-8")
        release, report = loaded(loinc.load, loinc.FILTERABLE, path.parent)
        there = {row["LOINC_NUM"] for n, row in enumerate(_TERMS) if n not in damaged}
        assert {each.code for each in release} == there
        # The first line holds the names of the columns.
        assert [each.line for each in report.refusals] == [n + 2 for n in sorted(damaged)]
        assert report.loaded["Loinc.csv"] == len(there)


def _shuffled(rows: list[dict[str, str]], order: random.Random) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    # A column that no version had so far.
    more = [{**row, "NEW_COLUMN": "new"} for row in rows]
    order.shuffle(more)
    columns.append("NEW_COLUMN")
    order.shuffle(columns)
    return csv_of(more, columns)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_a_loinc_release_of_shuffled_files_is_the_same(seed: int) -> None:
    order = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        files = tables()
        plain = zipped(Path(folder, "Loinc_2.80.zip"), written(files))
        shuffled: dict[str, str | bytes] = {n: _shuffled(r, order) for n, r in files.items()}
        Path(folder, "b").mkdir()
        other = zipped(Path(folder, "b", "Loinc_2.80.zip"), shuffled)
        first, second = (loaded(loinc.load, loinc.FILTERABLE, each) for each in (plain, other))
        assert content(first[0]) == content(second[0])
        assert (first[1].loaded, first[1].refused) == (second[1].loaded, second[1].refused)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["atc", "icd10"]))
def test_a_table_of_shuffled_rows_is_the_same_release(seed: int, which: str) -> None:
    order = random.Random(seed)
    module: Any = atc if which == "atc" else icd10
    rows = _DRUGS if which == "atc" else _DISEASES
    options = {} if which == "atc" else {"url": "http://hospital.example/icd-10"}
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for name, text in (("a", csv_of(rows)), ("b", _shuffled(rows, order))):
            path = Path(folder, name, "list.csv")
            path.parent.mkdir()
            path.write_text(text, "utf-8")
            loads = loaded(module.load, module.FILTERABLE, path, version="1", **options)
            found.append(content(loads[0]))
        assert found[0] == found[1]
