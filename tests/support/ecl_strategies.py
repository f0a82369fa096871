"""Small editions and constraints over them, drawn by hypothesis."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st

from terminology.ecl.syntax import (
    ActiveTest,
    AnyConcept,
    Attribute,
    AttributeGroup,
    AttributeSet,
    BooleanValue,
    Cardinality,
    Compound,
    Concept,
    ConceptFilter,
    ConceptTest,
    ConceptValue,
    Constraint,
    DescriptionFilter,
    DescriptionTest,
    Dialect,
    DialectTest,
    Dotted,
    EffectiveTimeTest,
    FieldTest,
    Filtered,
    IdTest,
    LanguageTest,
    MemberOf,
    MemberTest,
    ModuleTest,
    NumberValue,
    Order,
    Refined,
    Refinement,
    RefinementSet,
    RefsetContainingAny,
    SearchTerm,
    StatusTest,
    TermTest,
    TextValue,
    TimeValue,
    TypeTest,
    Value,
    Walk,
    Walked,
)
from tests.support.ecl_edition import (
    AttributeFact,
    Code,
    ConceptFact,
    Edition,
    RowFact,
    TextFact,
)

T = TypeVar("T")
# Draws a constraint that is a part of a larger one.
Part = Callable[[], Constraint]

CODES = [f"{number}" for number in range(1000001, 1000010)]
TYPES, NUMBER, TEXT, BOOLEAN = CODES[:2], CODES[3], CODES[4], CODES[5]
REFSETS = CODES[5:8]
STATUSES = ["900000000000073002", "900000000000074008"]
UNKNOWN = "9999999"
_FIELDS = ["mapTarget", "mapGroup", "targetComponentId", "referencedComponentId"]
_DATES = [0, 20200131, 20210731]
_TEXTS = ["heart attack", "Heart", "attack of asthma", "chest pain"]
_WANTED = [
    SearchTerm("match", "heart"),
    SearchTerm("match", "ATT hea"),
    SearchTerm("match", "as"),
    SearchTerm("wild", "heart"),
    SearchTerm("wild", "h*t"),
    SearchTerm("wild", "*art*"),
    SearchTerm("wild", "*pain"),
]
_TIMES = [Cardinality()] * 3 + [
    Cardinality(0, 0),
    Cardinality(0, 1),
    Cardinality(1, 1),
    Cardinality(2),
]
# Few concepts have most of the attributes, so that some have several of one kind.
_SOURCES = CODES[:3] * 3 + CODES


@st.composite
def editions(draw: st.DrawFn, least: int = 0) -> Edition:
    """Nine concepts, of which some are inactive, with at least so many attributes."""
    ended = draw(st.sets(st.sampled_from(CODES), max_size=2))
    concepts = [
        ConceptFact(
            code,
            () if code in ended else _parents(draw, [c for c in CODES[:at] if c not in ended]),
            is_active=code not in ended,
            is_defined=draw(st.booleans()),
            module=draw(st.sampled_from(CODES)),
            time=draw(st.sampled_from(_DATES)),
        )
        for at, code in enumerate(CODES)
    ]
    concepts += [ConceptFact(code, module=CODES[0]) for code in STATUSES]
    facts = draw(st.lists(_attribute_facts(), min_size=least, max_size=20, unique=True))
    return Edition(
        tuple(concepts),
        tuple(fact for fact in facts if fact.source not in ended),
        tuple(draw(st.lists(_row_facts(), max_size=8))),
        tuple(draw(st.lists(_text_facts(), max_size=8))),
    )


def _parents(draw: st.DrawFn, above: list[str]) -> tuple[str, ...]:
    return tuple(sorted(draw(st.sets(st.sampled_from(above), max_size=2)))) if above else ()


@st.composite
def _attribute_facts(draw: st.DrawFn) -> AttributeFact:
    type_ = draw(st.sampled_from([*TYPES * 3, NUMBER, TEXT, BOOLEAN]))
    values = {
        NUMBER: st.sampled_from([1.0, 2.5, 500.0]),
        TEXT: st.sampled_from(_TEXTS),
        BOOLEAN: st.booleans(),
    }
    value = values.get(type_, st.sampled_from(_SOURCES).map(Code))
    return AttributeFact(
        draw(st.sampled_from(_SOURCES)), draw(st.integers(0, 2)), type_, draw(value)
    )


@st.composite
def _row_facts(draw: st.DrawFn) -> RowFact:
    row = RowFact(
        draw(st.sampled_from(REFSETS)),
        draw(st.sampled_from(CODES)),
        {
            "mapTarget": draw(st.sampled_from(_TEXTS)),
            "mapGroup": draw(st.sampled_from([1.0, 2.0])),
            "targetComponentId": Code(draw(st.sampled_from(CODES))),
        },
        draw(st.booleans()),
        draw(st.sampled_from(CODES)),
        draw(st.sampled_from(_DATES)),
    )
    # One reference set has no further fields.
    return replace(row, fields={}) if row.refset == REFSETS[0] else row


def _text_facts() -> st.SearchStrategy[TextFact]:
    codes = st.sampled_from(CODES)
    return st.builds(
        TextFact,
        codes,
        st.sampled_from(_TEXTS),
        st.sampled_from(["en", "zh"]),
        codes,
        st.sampled_from([True, True, False]),
        st.dictionaries(codes, st.sampled_from(["8000001", "8000002"]), max_size=2),
        st.sampled_from(["7000001", "7000002"]),
        codes,
        st.sampled_from(_DATES),
    )


@st.composite
def constraints(draw: st.DrawFn, depth: int = 3) -> Constraint:
    """Any constraint, so many operators deep."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return _atom(draw)
    kinds = (_walked, _compound, _dotted, _refined, _member_of, _containing, _filtered, _filtered)
    return draw(st.sampled_from(kinds))(draw, lambda: draw(constraints(depth - 1)))


@st.composite
def refined(draw: st.DrawFn) -> Constraint:
    """Any refinement of concepts by concepts, often by any."""

    def part() -> Constraint:
        return AnyConcept() if draw(st.booleans()) else _atom(draw)

    return Refined(AnyConcept(), _refinement(draw, part))


def _atom(draw: st.DrawFn) -> Constraint:
    code = draw(st.sampled_from(["*", *CODES, *CODES, *STATUSES, UNKNOWN]))
    return AnyConcept() if code == "*" else Concept(code)


def _walked(draw: st.DrawFn, part: Part) -> Constraint:
    return Walked(draw(st.sampled_from(Walk)), part())


def _compound(draw: st.DrawFn, part: Part) -> Constraint:
    operator = draw(st.sampled_from(["AND", "OR", "MINUS"]))
    count = 2 if operator == "MINUS" else draw(st.integers(2, 3))
    return Compound(operator, tuple(part() for _ in range(count)))


def _dotted(draw: st.DrawFn, part: Part) -> Constraint:
    def name() -> Constraint:
        return Concept(draw(st.sampled_from(TYPES))) if draw(st.booleans()) else part()

    return Dotted(part(), _some(draw, name))


def _refined(draw: st.DrawFn, part: Part) -> Constraint:
    return Refined(part(), _refinement(draw, part))


def _member_of(draw: st.DrawFn, part: Part) -> Constraint:
    of = Concept(draw(st.sampled_from(REFSETS))) if draw(st.booleans()) else part()
    fields = draw(st.sampled_from([(), (), ("targetComponentId",), ("referencedComponentId",)]))
    return MemberOf(of, fields, _some(draw, lambda: _member_test(draw, part), least=0))


def _containing(draw: st.DrawFn, part: Part) -> Constraint:
    return RefsetContainingAny(part())


def _filtered(draw: st.DrawFn, part: Part) -> Constraint:
    return Filtered(part(), _some(draw, lambda: _filter(draw, part)))


def _filter(draw: st.DrawFn, part: Part) -> DescriptionFilter | ConceptFilter:
    if draw(st.booleans()):
        return DescriptionFilter(_some(draw, lambda: _description_test(draw, part)))
    return ConceptFilter(_some(draw, lambda: _concept_test(draw, part)))


def _some(draw: st.DrawFn, one: Callable[[], T], least: int = 1) -> tuple[T, ...]:
    return tuple(one() for _ in range(draw(st.integers(least, 2))))


def _refinement(draw: st.DrawFn, part: Part) -> Refinement:
    parts = _some(draw, lambda: _single(draw, part))
    if len(parts) == 1:
        return parts[0]
    return RefinementSet(draw(st.sampled_from(["AND", "OR"])), parts)


def _single(draw: st.DrawFn, part: Part) -> Refinement:
    if draw(st.booleans()):
        return _attribute(draw, part, may_reverse=True)
    of = _some(draw, lambda: _within(draw, part, depth=1))
    if len(of) == 1 and isinstance(of[0], AttributeSet):
        of = (*of, _attribute(draw, part))
    operator = "AND" if len(of) == 1 else draw(st.sampled_from(["AND", "OR"]))
    return AttributeGroup(AttributeSet(operator, of), draw(st.sampled_from(_TIMES)))


def _within(draw: st.DrawFn, part: Part, depth: int) -> Attribute | AttributeSet:
    if depth == 0 or draw(st.integers(0, 3)):
        return _attribute(draw, part)
    parts = tuple(_within(draw, part, depth - 1) for _ in range(2))
    return AttributeSet(draw(st.sampled_from(["AND", "OR"])), parts)


def _attribute(draw: st.DrawFn, part: Part, *, may_reverse: bool = False) -> Attribute:
    """Of every five, about four are compared with what such attributes have."""
    kind = draw(st.sampled_from([*TYPES * 3, "*", "part", NUMBER, TEXT, BOOLEAN]))
    name = AnyConcept() if kind == "*" else part() if kind == "part" else Concept(kind)
    is_reversed = may_reverse and kind in (*TYPES, "*") and draw(st.integers(0, 3)) == 0
    value = _value(draw, part, kind if not is_reversed else TYPES[0])
    return Attribute(name, value, draw(st.sampled_from(_TIMES)), is_reversed)


def _value(draw: st.DrawFn, part: Part, kind: str) -> Value:
    if kind == NUMBER:
        return _number(draw)
    if kind == TEXT:
        exact = SearchTerm("exact", draw(st.sampled_from(_TEXTS)))
        return TextValue((exact, *_terms(draw)), draw(st.booleans()))
    if kind == BOOLEAN:
        return BooleanValue(draw(st.booleans()), draw(st.booleans()))
    return _concepts(draw, part)


def _concepts(draw: st.DrawFn, part: Part) -> ConceptValue:
    return ConceptValue(part(), draw(st.booleans()))


def _number(draw: st.DrawFn) -> NumberValue:
    return NumberValue(draw(st.sampled_from(Order)), draw(st.sampled_from([1.0, 2.0, 2.5])))


def _terms(draw: st.DrawFn) -> tuple[SearchTerm, ...]:
    return tuple(draw(st.lists(st.sampled_from(_WANTED), min_size=1, max_size=2)))


def _time(draw: st.DrawFn) -> TimeValue:
    order = draw(st.sampled_from(Order))
    if order in (Order.EQUAL, Order.NOT_EQUAL):
        return TimeValue(order, _some(draw, lambda: draw(st.sampled_from(_DATES))))
    return TimeValue(order, (draw(st.sampled_from(_DATES[1:])),))


def _shared(draw: st.DrawFn, part: Part) -> ModuleTest | EffectiveTimeTest | ActiveTest:
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return ModuleTest(_concepts(draw, part))
    if kind == 1:
        return EffectiveTimeTest(_time(draw))
    return ActiveTest(draw(st.sampled_from([True, False, None])))


def _concept_test(draw: st.DrawFn, part: Part) -> ConceptTest:
    if draw(st.booleans()):
        return _shared(draw, part)
    if draw(st.booleans()):
        return StatusTest(_concepts(draw, part))
    return StatusTest(ConceptValue(Concept(draw(st.sampled_from(STATUSES))), draw(st.booleans())))


def _member_test(draw: st.DrawFn, part: Part) -> MemberTest:
    name = draw(
        st.sampled_from(["", "mapTarget", "mapGroup", "targetComponentId", "referencedComponentId"])
    )
    if not name:
        return _shared(draw, part)
    if name == "mapTarget":
        return FieldTest(name, TextValue(_terms(draw), draw(st.booleans())))
    return FieldTest(name, _number(draw) if name == "mapGroup" else _concepts(draw, part))


def _description_test(draw: st.DrawFn, part: Part) -> DescriptionTest:
    negated = draw(st.booleans())
    kind = draw(st.integers(0, 6))
    if kind == 0:
        return LanguageTest(("en",), negated)
    if kind == 1:
        return TypeTest(_concepts(draw, part))
    if kind == 2:
        return DialectTest(_some(draw, lambda: _dialect(draw)), negated)
    if kind == 3:
        return IdTest(("7000001",), negated)
    return TermTest(TextValue(_terms(draw), negated)) if kind < 6 else _shared(draw, part)


def _dialect(draw: st.DrawFn) -> Dialect:
    acceptabilities = st.sampled_from([(), ("8000001",), ("8000001", "8000002")])
    return Dialect(Concept(draw(st.sampled_from(CODES))), draw(acceptabilities))
