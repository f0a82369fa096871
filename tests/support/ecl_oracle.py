"""ECL read naively: sets of identifiers and loops over facts, one concept at a time."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass

from terminology.ecl.syntax import (
    ActiveTest,
    AnyConcept,
    Attribute,
    AttributeGroup,
    BooleanValue,
    Cardinality,
    Compound,
    Concept,
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
from tests.support.ecl_edition import Value as Held

Codes = frozenset[str]


class Refused(Exception):
    """The constraint has no answer that is a set of concepts."""


class Oracle:
    """One edition."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._facts = {concept.code: concept for concept in edition.concepts}
        self._known: dict[Constraint, Codes] = {}

    def selected(self, constraint: Constraint) -> Codes:
        """Return the concepts; Refused where they cannot be told."""
        if constraint not in self._known:
            self._known[constraint] = self._selected(constraint)
        return self._known[constraint]

    def may_refuse(self, node: object) -> bool:
        """Whether any constraint within a node has no answer, needed or not."""
        if isinstance(node, Constraint):
            try:
                self.selected(node)
            except Refused:
                return True
        if isinstance(node, tuple):
            return any(map(self.may_refuse, node))
        if not is_dataclass(node):
            return False
        return any(self.may_refuse(getattr(node, each.name)) for each in fields(node))

    def _selected(self, constraint: Constraint) -> Codes:
        match constraint:
            case AnyConcept():
                return frozenset(self._facts)
            case Concept(code=code):
                return frozenset({code} & self._facts.keys())
            case Walked(walk=walk, of=of):
                return self._walked(walk, self.selected(of))
            case Compound(operator=operator, parts=parts):
                first, *others = map(self.selected, parts)
                if operator == "AND":
                    return first.intersection(*others)
                return first.union(*others) if operator == "OR" else first.difference(*others)
            case Refined(of=of, refinement=refinement):
                self._check(refinement)
                return self._refined(self.selected(of), refinement)
            case Dotted(of=of, names=names):
                values = self.selected(of)
                for name in names:
                    values = self._values(values, self.selected(name))
                return values
            case _:
                return self._members_or_filtered(constraint)

    def _members_or_filtered(self, constraint: Constraint) -> Codes:
        match constraint:
            case MemberOf():
                return self._members(constraint)
            case RefsetContainingAny(of=of):
                wanted = self.selected(of)
                rows = self._edition.rows
                return frozenset(r.refset for r in rows if r.is_active and r.referenced in wanted)
            case Filtered(of=of, filters=filters):
                found = self.selected(of)
                for each in filters:
                    if isinstance(each, DescriptionFilter):
                        found &= self._described(found, each.tests)
                    else:
                        found &= {c for c in found if self._is_all(self._facts[c], each.tests)}
                return found
        raise NotImplementedError(constraint)

    def _above(self, code: str) -> Iterator[str]:
        for parent in self._facts[code].parents:
            yield parent
            yield from self._above(parent)

    def _walked(self, walk: Walk, of: Codes) -> Codes:
        everyone = self._facts.keys()
        below = {c for c in everyone if not of.isdisjoint(self._above(c))}
        above = {a for c in of for a in self._above(c)}
        children = {c for c in everyone if not of.isdisjoint(self._facts[c].parents)}
        parents = {p for c in of for p in self._facts[c].parents}
        return frozenset(
            {
                Walk.DESCENDANT_OF: below,
                Walk.DESCENDANT_OR_SELF_OF: below | of,
                Walk.CHILD_OF: children,
                Walk.CHILD_OR_SELF_OF: children | of,
                Walk.ANCESTOR_OF: above,
                Walk.ANCESTOR_OR_SELF_OF: above | of,
                Walk.PARENT_OF: parents,
                Walk.PARENT_OR_SELF_OF: parents | of,
                Walk.TOP: of - below,
                Walk.BOTTOM: of - above,
            }[walk]
        )

    # Refinements

    def _refined(self, of: Codes, refinement: Refinement) -> Codes:
        return frozenset(
            code for code in of if self._satisfies(code, refinement) and self._facts[code].is_active
        )

    def _satisfies(self, code: str, part: Refinement) -> bool:
        match part:
            case Attribute(is_reversed=True):
                test = self._test(part)
                having = {
                    fact.source
                    for fact in self._edition.attribute_facts
                    if fact.value == Code(code) and self._is_named(fact, part) and test(fact)
                }
                return _is_often(len(having), part.cardinality)
            case Attribute():
                return self._is_often_in(self._of(code), part)
            case AttributeGroup(of=of, cardinality=cardinality):
                passed = [self._is_group(group, of) for group in self._groups(code)]
                return _is_often(sum(passed), cardinality)
        parts = [self._satisfies(code, each) for each in part.parts]
        return all(parts) if part.operator == "AND" else any(parts)

    def _of(self, code: str) -> list[AttributeFact]:
        return [fact for fact in self._edition.attribute_facts if fact.source == code]

    def _groups(self, code: str) -> list[list[AttributeFact]]:
        facts = self._of(code)
        numbers = {fact.group for fact in facts if fact.group}
        grouped = [[fact for fact in facts if fact.group == number] for number in numbers]
        return grouped + [[fact] for fact in facts if not fact.group]

    def _is_group(self, group: list[AttributeFact], part: Refinement) -> bool:
        if isinstance(part, Attribute):
            return self._is_often_in(group, part)
        assert not isinstance(part, AttributeGroup)
        parts = [self._is_group(group, each) for each in part.parts]
        return all(parts) if part.operator == "AND" else any(parts)

    def _is_often_in(self, facts: Iterable[AttributeFact], attribute: Attribute) -> bool:
        test = self._test(attribute)
        passed = [fact for fact in facts if self._is_named(fact, attribute) and test(fact)]
        return _is_often(len(passed), attribute.cardinality)

    def _is_named(self, fact: AttributeFact, attribute: Attribute) -> bool:
        return fact.type in self.selected(attribute.name)

    def _test(self, attribute: Attribute) -> Callable[[AttributeFact], bool]:
        if attribute.is_reversed:
            return lambda fact: self._passes(Code(fact.source), attribute.value)
        return lambda fact: self._passes(fact.value, attribute.value)

    def _check(self, refinement: Refinement) -> None:
        """Refused where an attribute is compared with what its values never are."""
        match refinement:
            case Attribute():
                named = self.selected(refinement.name)
                held = [f.value for f in self._edition.attribute_facts if f.type in named]
                is_any = refinement.value == ConceptValue(AnyConcept()) or (
                    refinement.value == ConceptValue(AnyConcept(), is_negated=True)
                )
                kinds = {_kind(value) for value in held}
                if refinement.is_reversed:
                    kinds &= {Code}
                elif is_any:
                    return
                if held and not kinds & {_kind_wanted(refinement.value)}:
                    raise Refused
            case AttributeGroup(of=of):
                self._check(of)
            case _:
                for part in refinement.parts:
                    self._check(part)

    def _values(self, of: Codes, names: Codes) -> Codes:
        facts = [f for f in self._edition.attribute_facts if f.source in of and f.type in names]
        if not all(isinstance(fact.value, Code) for fact in facts):
            raise Refused
        return frozenset(fact.value.code for fact in facts if isinstance(fact.value, Code))

    def _passes(self, held: Held, wanted: Value) -> bool:
        match wanted:
            case ConceptValue(of=AnyConcept(), is_negated=negated):
                return not negated
            case ConceptValue(of=of, is_negated=negated):
                return isinstance(held, Code) and (held.code in self.selected(of)) is not negated
            case NumberValue(order=order, number=number):
                return _kind(held) is float and _is_ordered(order, held, number)
            case TextValue(terms=terms, is_negated=negated):
                return isinstance(held, str) and _finds(terms, held) is not negated
            case BooleanValue(is_true=is_true, is_negated=negated):
                return isinstance(held, bool) and (held is is_true) is not negated

    # Members and filters

    def _members(self, constraint: MemberOf) -> Codes:
        refsets = self.selected(constraint.of)
        is_any = isinstance(constraint.of, AnyConcept)
        name = constraint.fields[0] if constraint.fields else "referencedComponentId"
        rows = [row for row in self._edition.rows if is_any or row.refset in refsets]
        named = {name, *(test.name for test in constraint.tests if isinstance(test, FieldTest))}
        for each in named - {"referencedComponentId"}:
            if rows and not any(each in row.fields for row in rows):
                raise Refused
        passed = [row for row in rows if self._is_row(row, constraint.tests)]
        if name != "referencedComponentId":
            return frozenset(
                value.code
                for row in passed
                if isinstance(value := row.fields.get(name), Code) and value.code in self._facts
            )
        return frozenset(row.referenced for row in passed)

    def _is_row(self, row: RowFact, tests: Iterable[MemberTest]) -> bool:
        tests = list(tests)
        if not any(isinstance(test, ActiveTest) for test in tests):
            tests.append(ActiveTest(True))
        return all(self._is_passed(row, test) for test in tests)

    def _is_passed(self, row: RowFact, test: MemberTest) -> bool:
        match test:
            case FieldTest(name=name, value=value):
                assert not isinstance(value, TimeValue)
                held = row.fields.get(name)
                if name == "referencedComponentId":
                    held = Code(row.referenced)
                return held is not None and self._passes(held, value)
            case ModuleTest() | EffectiveTimeTest() | ActiveTest():
                return self._is_component(row, test)

    def _is_all(self, concept: ConceptFact, tests: Iterable[ConceptTest]) -> bool:
        return all(self._is(concept, test) for test in tests)

    def _is(self, concept: ConceptFact, test: ConceptTest) -> bool:
        if isinstance(test, StatusTest):
            code = "900000000000073002" if concept.is_defined else "900000000000074008"
            return (code in self.selected(test.of.of)) is not test.of.is_negated
        return self._is_component(concept, test)

    def _is_component(
        self,
        held: ConceptFact | RowFact | TextFact,
        test: ModuleTest | EffectiveTimeTest | ActiveTest,
    ) -> bool:
        match test:
            case ModuleTest(of=of):
                return (held.module in self.selected(of.of)) is not of.is_negated
            case EffectiveTimeTest(of=of):
                return _is_at_time(held.time or 0, of)
            case ActiveTest(is_active=is_active):
                return is_active is None or held.is_active is is_active

    def _described(self, of: Codes, tests: tuple[DescriptionTest, ...]) -> Codes:
        if not any(isinstance(test, ActiveTest) for test in tests):
            tests = (*tests, ActiveTest(True))
        return frozenset(
            text.concept
            for text in self._edition.texts
            if text.concept in of and all(self._is_text(text, test) for test in tests)
        )

    def _is_text(self, text: TextFact, test: DescriptionTest) -> bool:
        match test:
            case TermTest(term=term):
                return _finds(term.terms, text.text) is not term.is_negated
            case LanguageTest(codes=codes, is_negated=negated):
                return (text.language in codes) is not negated
            case TypeTest(of=of):
                return (text.type in self.selected(of.of)) is not of.is_negated
            case DialectTest(dialects=dialects, is_negated=negated):
                return any(self._is_in(text, each) for each in dialects) is not negated
            case IdTest(ids=ids, is_negated=negated):
                return (text.id in ids) is not negated
            case ModuleTest() | EffectiveTimeTest() | ActiveTest():
                return self._is_component(text, test)

    def _is_in(self, text: TextFact, dialect: Dialect) -> bool:
        refsets = self.selected(dialect.refsets)
        return any(
            refset in refsets
            and (not dialect.acceptabilities or acceptability in dialect.acceptabilities)
            for refset, acceptability in text.acceptabilities.items()
        )


def _is_often(count: int, cardinality: Cardinality) -> bool:
    return cardinality.least <= count and (cardinality.most is None or count <= cardinality.most)


def _kind(value: Held) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def _kind_wanted(value: Value) -> type:
    match value:
        case ConceptValue():
            return Code
        case NumberValue():
            return float
        case TextValue():
            return str
        case BooleanValue():
            return bool


def _is_ordered(order: Order, held: object, wanted: float) -> bool:
    assert isinstance(held, float)
    return {
        Order.EQUAL: held == wanted,
        Order.NOT_EQUAL: held != wanted,
        Order.LESS: held < wanted,
        Order.AT_MOST: held <= wanted,
        Order.GREATER: held > wanted,
        Order.AT_LEAST: held >= wanted,
    }[order]


def _is_at_time(held: int, value: TimeValue) -> bool:
    if value.order is Order.EQUAL:
        return held in value.times
    if value.order is Order.NOT_EQUAL:
        return held not in value.times
    return held != 0 and _is_ordered(value.order, float(held), float(value.times[0]))


def _finds(terms: Iterable[SearchTerm], text: str) -> bool:
    return any(_finds_one(term, text) for term in terms)


def _finds_one(term: SearchTerm, text: str) -> bool:
    """Of texts without accents, in which a blank stands before every word."""
    if term.kind == "exact":
        return term.text == text
    if term.kind == "match":
        words = text.lower().split()
        return all(any(w.startswith(p) for w in words) for p in term.text.lower().split())
    pattern = "".join(".*" if each == "*" else re.escape(each) for each in term.text)
    return re.fullmatch(pattern, text, re.IGNORECASE) is not None
