"""Search: every type of parameter, order, pages, totals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import BadRequest
from fhir_server.store import resources
from fhir_server.store.search import search
from fhir_server.store.search_query import (
    Criterion,
    DateTerm,
    ReferenceTerm,
    SearchQuery,
    Sort,
    StringTerm,
    Term,
    TokenTerm,
)
from tests.support.fhir_store import LOINC, NOW, hba1c, patient, store

UCUM = "http://unitsofmeasure.org"


def found(connection: Connection, type: str, *criteria: Criterion, **more: Any) -> list[str]:
    page = search(connection, type, SearchQuery(criteria=criteria, **more))
    return [match.id for match in page.matches]


def where(parameter: str, *terms: Term) -> Criterion:
    return Criterion(parameter, terms)


def on(prefix: Any, text: str) -> DateTerm:
    return DateTerm(prefix, *instant_range(text, default_zone=UTC))


def coded(id: str, *codings: tuple[str | None, str]) -> dict[str, Any]:
    return hba1c(
        id,
        code={
            "coding": [
                {"system": system, "code": code} if system else {"code": code}
                for system, code in codings
            ]
        },
    )


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (TokenTerm(LOINC, "4548-4"), ["loinc"]),
        (TokenTerm(None, "4548-4"), ["loinc", "bare", "local"]),
        (TokenTerm("", "4548-4"), ["bare"]),
        (TokenTerm("urn:lis", None), ["local", "other"]),
        (TokenTerm("urn:never-seen", "4548-4"), []),
        (TokenTerm(None, "no-such-code"), []),
        (TokenTerm(None, "hba"), ["other"]),  # in doubt without case: R4 search.html#token
    ],
)
def test_a_code_is_found_with_and_without_its_system(
    connection: Connection, term: TokenTerm, expected: list[str]
) -> None:
    store(
        connection,
        coded("loinc", (LOINC, "4548-4")),
        coded("bare", (None, "4548-4")),
        coded("local", ("urn:lis", "4548-4")),
        coded("other", ("urn:lis", "HBA")),
    )
    assert found(connection, "Observation", where("code", term)) == expected


def test_alternatives_are_joined_by_or_and_repeats_by_and(connection: Connection) -> None:
    store(
        connection,
        coded("a", (LOINC, "4548-4"), ("urn:lis", "A")),
        coded("b", (LOINC, "2160-0"), ("urn:lis", "A")),
        coded("c", (LOINC, "2093-3"), ("urn:lis", "C")),
    )
    either = where("code", TokenTerm(LOINC, "4548-4"), TokenTerm(LOINC, "2093-3"))
    assert found(connection, "Observation", either) == ["a", "c"]
    assert found(connection, "Observation", either, where("code", TokenTerm(None, "A"))) == ["a"]


def test_a_long_name_is_found_by_any_part_of_it(connection: Connection) -> None:
    long = "a" * 250 + " remembered by its end"
    store(connection, patient("long", family=long, given="Wei"), patient("short", family="Li"))
    for part in ("a remembered", "its end", "aaaa"):
        assert found(connection, "Patient", where("name", StringTerm(part, "contains"))) == ["long"]
    assert found(connection, "Patient", where("name", StringTerm("a" * 256))) == []
    with pytest.raises(BadRequest, match="256"):
        found(connection, "Patient", where("name", StringTerm("a" * 257)))


def test_an_exact_name_is_found_by_its_spelling(connection: Connection) -> None:
    store(connection, patient("zhang", family="Zhang", given="Wei"))
    spelled, other = (where("name", StringTerm(text, "exact")) for text in ("Zhang", "zhang"))
    assert found(connection, "Patient", spelled) == ["zhang"]
    assert found(connection, "Patient", other) == []


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (StringTerm("zhang"), ["zhang", "zhangsun"]),
        (StringTerm("ZHÁNG"), ["zhang", "zhangsun"]),
        (StringTerm("ang"), []),
        (StringTerm("ang", "contains"), ["zhang", "zhangsun"]),
        (StringTerm("张"), ["chinese"]),
        (StringTerm("张三"), ["chinese"]),
        (StringTerm("三", "contains"), ["chinese"]),
    ],
)
def test_a_name_is_found_by_its_beginning(
    connection: Connection, term: StringTerm, expected: list[str]
) -> None:
    store(
        connection,
        patient("zhang", family="Zhang", given="Wei"),
        patient("zhangsun", family="Zhangsun", given="Wuji"),
        patient("chinese", family="张", given="三"),
    )
    assert found(connection, "Patient", where("name", term)) == expected


# The ranges: a month, a day, an instant, an open period.
@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (on("eq", "2026-05"), ["month", "day", "instant"]),
        (on("eq", "2026-05-10"), ["day", "instant"]),
        (on("ne", "2026-05-10"), ["month", "open"]),
        (on("gt", "2026-05-10"), ["month", "open"]),
        (on("lt", "2026-05-10"), ["month", "open"]),
        (on("ge", "2026-05-10"), ["month", "day", "instant", "open"]),
        (on("le", "2026-05-10"), ["month", "day", "instant", "open"]),
        (on("ge", "2026-05-10T12:00:00Z"), ["month", "day", "open"]),
        (on("le", "2026-05-09"), ["month", "open"]),
        (on("sa", "2026-05-09"), ["day", "instant"]),
        (on("eb", "2026-05-11"), ["day", "instant"]),
        (on("sa", "2026-05-10"), []),
    ],
)
def test_dates_are_compared_as_ranges(
    connection: Connection, term: DateTerm, expected: list[str]
) -> None:
    store(
        connection,
        hba1c("month", at="2026-05"),
        hba1c("day", at="2026-05-10"),
        hba1c("instant", at="2026-05-10T08:00:00Z"),
        hba1c("open", at=None, effectivePeriod={"start": "2026-01-01"}),
        hba1c("undated", at=None),
    )
    assert found(connection, "Observation", where("date", term)) == expected


@pytest.mark.parametrize(
    ("parameter", "term", "expected"),
    [
        ("subject", ReferenceTerm("p1", "Patient"), ["one"]),
        ("subject", ReferenceTerm("p1", "Group"), ["group"]),
        ("subject", ReferenceTerm("p1", None), ["one", "group"]),
        ("patient", ReferenceTerm("p1", None), ["one"]),
        ("subject", ReferenceTerm("http://other/fhir/Patient/p1", None), ["remote"]),
        ("subject", ReferenceTerm("p2", "Patient"), []),
    ],
)
def test_a_reference_is_found_by_type_and_id(
    connection: Connection, parameter: str, term: ReferenceTerm, expected: list[str]
) -> None:
    store(
        connection,
        hba1c("one", "p1"),
        hba1c("group", subject={"reference": "Group/p1"}),
        hba1c("remote", subject={"reference": "http://other/fhir/Patient/p1"}),
    )
    assert found(connection, "Observation", where(parameter, term)) == expected


def test_ids_and_times_of_change(connection: Connection) -> None:
    store(connection, patient("a"), patient("b"), patient("c"))
    ids = where("_id", TokenTerm(None, "c"), TokenTerm(None, "a"), TokenTerm(None, "zz"))
    assert found(connection, "Patient", ids) == ["a", "c"]
    first, last = "2026-05-11T08:00:00.000Z", "2026-05-11T08:00:00.002Z"
    assert found(connection, "Patient", where("_lastUpdated", on("gt", first))) == ["b", "c"]
    assert found(connection, "Patient", where("_lastUpdated", on("ge", first))) == ["a", "b", "c"]
    assert found(connection, "Patient", where("_lastUpdated", on("lt", last))) == ["a", "b"]
    assert found(connection, "Patient", where("_lastUpdated", on("eq", last))) == ["c"]
    assert found(connection, "Patient", where("_lastUpdated", on("ne", last))) == ["a", "b"]
    assert found(connection, "Patient", where("_lastUpdated", on("le", last)), ids) == ["a", "c"]
    assert found(connection, "Patient", where("_lastUpdated", on("sa", last))) == []
    assert found(connection, "Patient", where("_lastUpdated", on("eb", last))) == ["a", "b"]


def test_deleted_and_changed_resources_leave_the_results(connection: Connection) -> None:
    store(connection, hba1c("stays"), hba1c("goes"), hba1c("changes"))
    resources.delete(connection, "Observation", "goes", now=NOW)
    store(connection, coded("changes", (LOINC, "2160-0")))
    assert found(connection, "Observation", where("code", TokenTerm(LOINC, "4548-4"))) == ["stays"]
    assert found(connection, "Observation") == ["stays", "changes"]
    assert found(connection, "Observation", where("_id", TokenTerm(None, "goes"))) == []
    assert found(connection, "Patient") == []


def test_a_type_is_never_found_under_another(connection: Connection) -> None:
    store(connection, patient("same"), hba1c("same"))
    page = search(connection, "Patient", SearchQuery())
    assert [(m.type, m.id) for m in page.matches] == [("Patient", "same")]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort("date"), ["march", "april", "may", "none-1", "none-2"]),
        (Sort("date", descending=True), ["may", "april", "march", "none-1", "none-2"]),
        (Sort("_lastUpdated"), ["none-1", "may", "march", "none-2", "april"]),
        (Sort("_lastUpdated", descending=True), ["april", "none-2", "march", "may", "none-1"]),
    ],
)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 50])
@pytest.mark.parametrize("by_patient", [True, False])
def test_sorted_pages_hold_everything_once_undated_last(
    connection: Connection, sort: Sort, expected: list[str], count: int, by_patient: bool
) -> None:
    store(
        connection,
        hba1c("none-1", at=None),
        hba1c("may", at="2026-05-02"),
        hba1c("march", at="2026-03-02"),
        hba1c("none-2", at=None),
        hba1c("april", at="2026-04-02"),
    )
    criteria = (where("patient", ReferenceTerm("p1", None)),) if by_patient else ()
    query = SearchQuery(criteria=criteria, sort=sort, count=count)
    assert all_pages(connection, query) == expected


def all_pages(connection: Connection, query: SearchQuery) -> list[str]:
    ids: list[str] = []
    while True:
        page = search(connection, "Observation", query)
        ids += [match.id for match in page.matches]
        assert len(page.matches) <= query.count
        if page.next is None:
            return ids
        assert page.matches
        query = SearchQuery(
            criteria=query.criteria, sort=query.sort, count=query.count, cursor=page.next
        )


def test_a_result_with_several_dates_stands_once_by_the_first_of_them(
    connection: Connection,
) -> None:
    def prescription(id: str, *events: str) -> dict[str, Any]:
        return {
            "resourceType": "MedicationRequest",
            "id": id,
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": "阿托伐他汀"},
            "subject": {"reference": "Patient/p1"},
            "dosageInstruction": [{"timing": {"event": [event]}} for event in events],
        }

    store(connection, prescription("wide", "2026-01-01", "2026-12-01"))
    store(connection, prescription("mid", "2026-06-01"))
    assert found(connection, "MedicationRequest", sort=Sort("date")) == ["wide", "mid"]
    assert found(connection, "MedicationRequest", sort=Sort("date", True)) == ["wide", "mid"]
    assert found(connection, "MedicationRequest", where("date", on("ge", "2025"))) == [
        "wide", "mid",
    ]  # fmt: skip


def test_pages_in_order_of_resources(connection: Connection) -> None:
    store(connection, *(hba1c(f"o{n:02}") for n in range(7)))
    query = SearchQuery(criteria=(where("code", TokenTerm(None, "4548-4")),), count=3)
    assert all_pages(connection, query) == [f"o{n:02}" for n in range(7)]


def test_a_total_counts_all_pages_and_only_when_asked(connection: Connection) -> None:
    store(connection, *(hba1c(f"o{n}") for n in range(5)), patient("p1"))
    code = where("code", TokenTerm(LOINC, "4548-4"), TokenTerm(None, "4548-4"))
    assert search(connection, "Observation", SearchQuery((code,), count=2)).total is None
    assert search(connection, "Observation", SearchQuery((code,), count=2, total=True)).total == 5
    assert search(connection, "Observation", SearchQuery((code,), count=9, total=True)).total == 5
    assert search(connection, "Observation", SearchQuery((), count=2, total=True)).total == 5
    none = search(connection, "Observation", SearchQuery((code,), count=0, total=True))
    assert (none.matches, none.total, none.next) == ((), 5, None)
    unknown = (where("code", TokenTerm("urn:never", "x")),)
    assert search(connection, "Observation", SearchQuery(unknown, total=True)).total == 0
    second = search(connection, "Observation", SearchQuery((code,), count=2)).next
    assert second is not None
    query = SearchQuery((code,), count=2, total=True, cursor=second)
    assert search(connection, "Observation", query).total == 5


def test_a_match_carries_its_version_and_body(connection: Connection) -> None:
    store(connection, hba1c("o1"))
    store(connection, hba1c("o1"), at=NOW + timedelta(minutes=1))
    (match,) = search(connection, "Observation", SearchQuery()).matches
    assert match.version == 2
    assert match.last_updated == datetime(2026, 5, 11, 8, 1, tzinfo=UTC)
    assert match == resources.read(connection, "Observation", "o1")
