"""The shape of the code holds, and each measure sees what it is there to see."""

import ast
from collections.abc import Iterator

import pytest

from scripts.shape import docstrings, duplicates, excepts, imports, limits, mentions, sizes
from scripts.shape.__main__ import measured
from scripts.shape.report import Row, percentile
from scripts.shape.sources import Source


def _function(text: str) -> ast.FunctionDef:
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(measured())


def test_the_shape_holds(rows: list[Row]) -> None:
    broken = [f"{row.measure}: {place}" for row in rows for place in row.broken]
    assert not broken, "\n".join(broken)


def test_every_measure_of_the_house_is_there(rows: list[Row]) -> None:
    assert [row.measure for row in rows] == [
        "file lines, median",
        "file lines, p90",
        "file lines, max",
        "declarative tables named",
        "function lines, p90",
        "function lines, max",
        "function complexity, max",
        "import cycles",
        "fan-out, max (but for wiring)",
        "broad except",
        "duplicate lines",
        "public docstrings",
        "settings in the docs",
        "hook services in the docs",
        "models in the docs",
        "commands in the docs",
        "licensed terminology",
    ]


def test_a_long_file_and_a_long_function_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TABLES", frozenset({"terminology/gone.py"}))
    body = "    x = 1\n" * 80
    source = Source("terminology/long.py", "def long():\n" + body + "y = 2\n" * 420)
    assert [row.broken for row in sizes.files([source])] == [
        ("file lines, median: 501",),
        ("file lines, p90: 501",),
        ("terminology/long.py: 501 lines",),
        ("terminology/gone.py",),
    ]
    assert _broken(sizes.functions([source])) == {
        "function lines, p90": ("function lines, p90: 81",),
        "function lines, max": ("terminology/long.py:1 long: 81 lines",),
    }


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("def f(): pass", 1),
        ("def f(x):\n if x: pass\n elif x: pass\n else: pass", 3),
        ("def f(x):\n for _ in x: pass\n while x: pass", 3),
        ("def f():\n try: pass\n except ValueError: pass\n else: pass", 3),
        ("def f(x):\n match x:\n  case 1: pass\n  case 2: pass\n  case _: pass", 3),
        ("def f():\n def g(x):\n  if x: pass", 3),
    ],
)
def test_complexity_is_counted_as_ruff_counts_it(text: str, ways: int) -> None:
    assert sizes.complexity(_function(text)) == ways


def test_a_cycle_is_named_in_the_order_of_its_imports() -> None:
    assert imports.first_cycle({"a": {"b"}, "b": {"c"}, "c": set()}) is None
    cycle = imports.first_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert cycle in {"a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"}


def test_only_wiring_may_know_many_modules() -> None:
    many = {f"m{number}" for number in range(16)}
    imported = {"fhir_server.wiring": many, "fhir_server.rest.read": many}
    assert _broken(imports.rows(imported)) == {
        "fan-out, max (but for wiring)": ("fhir_server.rest.read imports 16 modules",)
    }


@pytest.mark.parametrize("caught", ["", " Exception", " BaseException", " (ValueError, Exception)"])
def test_a_broad_except_is_seen_outside_the_boundaries(caught: str) -> None:
    text = f"try:\n    pass\nexcept{caught}:\n    pass\n"
    (row,) = excepts.rows([Source("terminology/units.py", text)])
    assert row.broken == ("terminology/units.py:3",)
    (row,) = excepts.rows([Source("fhir_server/rest/boundary.py", text)])
    assert row.broken == ()


def test_cleaning_up_and_raising_again_is_no_broad_except() -> None:
    text = "try:\n    pass\nexcept BaseException:\n    close()\n    raise\n"
    assert list(excepts.broad_handlers(ast.parse(text))) == []


def test_six_equal_lines_at_two_places_are_duplicates() -> None:
    lines = [f"value_{number} = {number}" for number in range(6)]
    first = duplicates.code_lines("\n".join(["import os", "", *lines]))
    indented = "\n".join(["# a comment", *(f"    {line}" for line in lines), "end = 1"])
    found = duplicates.duplicate_lines({"a": first, "b": duplicates.code_lines(indented)})
    assert found == {"a": {3, 4, 5, 6, 7, 8}, "b": {2, 3, 4, 5, 6, 7}}
    five = duplicates.code_lines("\n".join(lines[:5]))
    assert duplicates.duplicate_lines({"a": five, "b": five}) == {}


def test_imports_are_no_duplicates() -> None:
    text = "from a import (\n    b,\n    c,\n)\nimport d\nx = 1\n"
    assert duplicates.code_lines(text) == [(6, "x = 1")]


def test_public_means_without_underscore_and_outside_functions() -> None:
    members = "class A:\n    def b(self): ...\n    def _c(self): ...\n"
    text = f'"""Module."""\n{members}def _d():\n    def e(): ...\n'
    names = {name: documented for name, _, documented in docstrings.public_names(ast.parse(text))}
    assert names == {"module": True, "A": False, "b": False}


def test_a_name_is_mentioned_only_as_a_whole() -> None:
    text = "Set `ATTENDING_HTTP_PORT_RANGE`; call china-par-2 or attending hl7v2 failed."
    names = ["ATTENDING_HTTP_PORT", "china-par", "attending hl7v2 failed"]
    assert mentions.unmentioned(names, text) == ["ATTENDING_HTTP_PORT", "china-par"]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.9, 0),
        ([7], 0.5, 7),
        ([1, 2, 3, 4], 0.5, 2),
        (list(range(1, 11)), 0.9, 9),
        ([1, 2], 0.9, 2),
    ],
)
def test_percentile_is_the_nearest_rank(values: list[int], share: float, expected: int) -> None:
    assert percentile(values, share) == expected


def _broken(rows: Iterator[Row]) -> dict[str, tuple[str, ...]]:
    return {row.measure: row.broken for row in rows if row.broken}
