"""Search agrees with the specification, read without index or plan, whatever is asked for."""

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from fhir_server.store import search_plan
from fhir_server.store.statements import driver
from tests.support import search_oracle as oracle
from tests.support.fhir_store import patient, store, writing
from tests.support.search_oracle import UCUM, Amount, Fact, Person, Question
from tests.support.searching import total, walked

PREFIXES = st.sampled_from(["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
CODES = st.sampled_from(["A", "a", "B", "c|d"])
SYSTEMS = st.sampled_from([None, "urn:x", "urn:y"])
NUMBERS = st.sampled_from(["5", "5.0", "4.95", "5.5", "5000", "0.005", "-5"])
UNITS = st.sampled_from(["mmol/L", "umol/L", "mol/L"])
DATES = st.sampled_from(
    ["2025", "2026", "2026-01", "2026-01-02", "2026-05-01", "2026-01-02T08:00:00Z"]
)
TEXTS = st.sampled_from(["Ab", "ab", "ABC", "xab"])
SOURCES = st.sampled_from(["http://a.org", "http://a.org/b", "http://a.org/b/c", "http://z.org"])
SUBJECTS = st.sampled_from(["Patient/p0", "Patient/p1", "Group/p0", "Patient/gone"])

AMOUNTS = st.builds(
    Amount,
    NUMBERS,
    UNITS,
    st.sampled_from([True, True, False]),
    st.sampled_from([None, None, "<", "<=", ">", ">="]),
)


def facts_of(values: st.SearchStrategy) -> st.SearchStrategy[Fact]:
    return st.builds(
        Fact,
        st.lists(st.tuples(SYSTEMS, CODES), max_size=2, unique=True).map(tuple),
        values,
        st.none() | DATES,
        st.none() | SUBJECTS,
        st.none() | SOURCES,
    )


PEOPLE = st.builds(
    Person, st.sampled_from([None, "male", "female"]), st.sampled_from([None, "Zhang", "Wang"])
)


@st.composite
def tokens(draw: st.DrawFn) -> Question:
    terms = draw(
        st.lists(
            st.tuples(st.sampled_from([None, "", "urn:x", "urn:y", "urn:never"]),
                      st.none() | CODES).filter(lambda t: t[1] is not None or t[0]),
            min_size=1, max_size=6,
        )
    )  # fmt: skip
    written = ",".join(
        (code or "").replace("|", "\\|") if system is None
        else f"{system}|{(code or '').replace('|', chr(92) + '|')}"
        for system, code in terms
    )  # fmt: skip
    negated = draw(st.booleans())

    def holds(fact: Fact, _people: dict[str, Person]) -> bool:
        return any(oracle.token(fact, term) for term in terms) != negated

    return Question("code:not" if negated else "code", written, holds)


@st.composite
def quantities(draw: st.DrawFn) -> Question:
    prefix, text = draw(PREFIXES), draw(NUMBERS)
    unit = draw(st.none() | UNITS)
    system = draw(st.sampled_from([None, UCUM])) if unit else None
    written = f"{'' if prefix == 'eq' else prefix}{text}"
    if unit is not None:
        written += f"|{system or ''}|{unit}"
    name = draw(st.sampled_from(["value-quantity", "combo-value-quantity"]))
    code = draw(st.none() | CODES)
    if code is None:
        return Question(name, written, lambda f, _p: oracle.quantity(f, prefix, text, unit, system))
    return Question(
        draw(st.sampled_from(["code-value-quantity", "combo-code-value-quantity"])),
        code.replace("|", "\\|") + "$" + written,
        lambda f, _p: (
            oracle.token(f, (None, code)) and oracle.quantity(f, prefix, text, unit, system)
        ),
    )


@st.composite
def dates(draw: st.DrawFn) -> Question:
    prefix, text = draw(PREFIXES), draw(DATES)
    asked = oracle.date_span(text)
    return Question(
        "date",
        f"{prefix}{text}",
        lambda f, _p: (
            f.date is not None and oracle.date_holds(prefix, oracle.date_span(f.date), asked)
        ),
    )


@st.composite
def missing(draw: st.DrawFn) -> Question:
    name, absent = draw(
        st.sampled_from(
            [
                ("code", lambda f: not f.codes),
                ("value-quantity", lambda f: not isinstance(f.value, Amount)),
                ("value-string", lambda f: not isinstance(f.value, str)),
                ("date", lambda f: f.date is None),
                ("subject", lambda f: f.subject is None),
                ("patient", lambda f: f.subject is None or f.subject.startswith("Group")),
                ("_source", lambda f: f.source is None),
            ]
        )
    )
    wanted = draw(st.booleans())
    return Question(
        f"{name}:missing", "true" if wanted else "false", lambda f, _p: absent(f) == wanted
    )


@st.composite
def texts(draw: st.DrawFn) -> Question:
    modifier, text = draw(st.sampled_from(["", ":contains", ":exact"])), draw(TEXTS)

    def holds(fact: Fact, _people: dict[str, Person]) -> bool:
        if not isinstance(fact.value, str):
            return False
        if modifier == ":exact":
            return fact.value == text
        stored, asked = fact.value.lower(), text.lower()
        return asked in stored if modifier else stored.startswith(asked)

    return Question(f"value-string{modifier}", text, holds)


@st.composite
def uris(draw: st.DrawFn) -> Question:
    modifier, uri = draw(st.sampled_from(["", ":below", ":above"])), draw(SOURCES)

    def holds(fact: Fact, _people: dict[str, Person]) -> bool:
        if fact.source is None:
            return False
        if modifier == ":below":
            return fact.source.startswith(uri)
        if modifier == ":above":
            return uri == fact.source or uri.startswith(f"{fact.source}/")
        return fact.source == uri

    return Question(f"_source{modifier}", uri, holds)


@st.composite
def references(draw: st.DrawFn) -> Question:
    subject = draw(SUBJECTS)
    type, _, id = subject.partition("/")
    name, text, holds = draw(
        st.sampled_from(
            [
                ("subject", subject, lambda f: f.subject == subject),
                ("subject", id, lambda f: f.subject is not None and f.subject.endswith(f"/{id}")),
                (f"subject:{type}", id, lambda f: f.subject == subject),
                ("patient", id, lambda f: f.subject == f"Patient/{id}"),
            ]
        )
    )
    return Question(name, text, lambda f, _p: holds(f))


@st.composite
def chains(draw: st.DrawFn) -> Question:
    gender, family = (draw(st.sampled_from(["male", "female"])),
                      draw(st.sampled_from(["Zhang", "Wang"])))  # fmt: skip
    name, text, holds = draw(
        st.sampled_from(
            [
                ("gender", gender, lambda p: p.gender == gender),
                ("gender:not", gender, lambda p: p.gender != gender),
                ("gender:missing", "true", lambda p: p.gender is None),
                ("family", family.lower(), lambda p: p.family == family),
            ]
        )
    )
    head = draw(st.sampled_from(["subject:Patient", "patient"]))

    def chained(fact: Fact, people: dict[str, Person]) -> bool:
        return fact.subject in people and holds(people[fact.subject])

    return Question(f"{head}.{name}", text, chained)


FAMILIES = {
    "token": tokens(), "quantity": quantities(), "date": dates(), "missing": missing(),
    "string": texts(), "uri": uris(), "reference": references(), "chain": chains(),
}  # fmt: skip
# The questions of an example, and what values most of its facts have.
ASKED = {
    **{name: st.lists(family, min_size=1, max_size=2) for name, family in FAMILIES.items()},
    "several": st.lists(st.one_of(*FAMILIES.values()), max_size=3),
}
VALUES = {"quantity": AMOUNTS, "string": TEXTS}
SORTS = st.lists(
    st.tuples(
        st.sampled_from(["date", "value-string", "_source", "subject", "_id", "_lastUpdated"]),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda key: key[0],
)


@pytest.fixture(scope="module")
def connections() -> Iterator[dict[str, Connection]]:
    with ExitStack() as stack:
        yield LazyConnections(stack)


class LazyConnections(dict[str, Connection]):
    """A connection to each database, opened when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self.stack = stack

    def __missing__(self, adapter: str) -> Connection:
        self[adapter] = self.stack.enter_context(writing(adapter=adapter))
        return self[adapter]


@pytest.mark.parametrize(
    ("adapter", "family"), [*(("sqlite", name) for name in ASKED), ("postgresql", "several")]
)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_search_agrees_with_the_specification(
    connections: dict[str, Connection], adapter: str, family: str, data: st.DataObject
) -> None:
    connection = connections[adapter]
    values = VALUES.get(family, st.none() | AMOUNTS | TEXTS)
    facts = data.draw(st.lists(facts_of(values), min_size=1, max_size=7))
    people = data.draw(st.tuples(PEOPLE, PEOPLE))
    questions: list[Question] = data.draw(ASKED[family])
    sorts = data.draw(SORTS)
    count = data.draw(st.integers(1, 5))
    # With few rows that count as many, the plans of a large store are taken.
    many = data.draw(st.sampled_from([20_000, 2]))
    named = [(f"o{n}", fact) for n, fact in enumerate(facts)]
    by_id = {f"Patient/p{n}": person for n, person in enumerate(people)}
    pairs = [(question.name, question.text) for question in questions]
    sort = ",".join(f"{'-' if descending else ''}{name}" for name, descending in sorts)
    if sort:
        pairs.append(("_sort", sort))
    url = "Observation?" + "&".join(f"{name}={quote(text)}" for name, text in pairs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_plan, "_FEW", min(many, search_plan._FEW))
        patch.setattr(search_plan, "_MANY", many)
        run = driver(connection).execute
        run("SAVEPOINT example")
        try:
            for n, person in enumerate(people):
                store(connection, _patient(f"p{n}", person))
            store(connection, *(fact.resource(id) for id, fact in named))
            found = walked(connection, url, count)
            counted = total(connection, url)
        finally:
            run("ROLLBACK TO SAVEPOINT example")
            run("RELEASE SAVEPOINT example")
            connection.info.pop("attending.interned", None)
    expected = [(id, f) for id, f in named if all(q.holds(f, by_id) for q in questions)]
    assert counted == len(expected)
    if sorts:
        assert found == oracle.in_order(expected, sorts)
    else:  # the server's own order, each once
        assert sorted(found) == sorted(id for id, _fact in expected)


def _patient(id: str, person: Person) -> dict:
    resource = patient(id) | ({} if person.gender is None else {"gender": person.gender})
    if person.family is None:
        del resource["name"]
    else:
        resource["name"] = [{"family": person.family}]
    return resource
