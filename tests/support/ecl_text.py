"""Expression constraints written down again: the brief syntax, a bracket wherever one may stand."""

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
    Walked,
    WithHistory,
)

_KEYWORDS = {
    TypeTest: "typeId",
    ModuleTest: "moduleId",
    EffectiveTimeTest: "effectiveTime",
    StatusTest: "definitionStatusId",
}


def written(constraint: Constraint) -> str:
    """Return a text that means the constraint."""
    match constraint:
        case AnyConcept():
            return "*"
        case Concept(code=code):
            return code
        case Walked(walk=walk, of=of):
            return f"{walk.value} {_sub(of)}"
        case MemberOf(of=of, fields=fields, tests=tests):
            named = f"[{', '.join(fields)}] " if fields else ""
            return f"^ {named}{_sub(of)}{_filter('M', tests)}"
        case RefsetContainingAny(of=of):
            return f"^R {_sub(of)}"
        case Compound(operator=operator, parts=parts):
            return f" {operator} ".join(map(_sub, parts))
        case Dotted(of=of, names=names):
            return " . ".join(map(_sub, (of, *names)))
        case Refined(of=of, refinement=refinement):
            return f"{_sub(of)} : {_refinement(refinement)}"
        case _:
            return _filtered(constraint)


def _filtered(constraint: Filtered | WithHistory) -> str:
    match constraint:
        case Filtered(of=of, filters=filters):
            kinds = {DescriptionFilter: "D", ConceptFilter: "C"}
            return _sub(of) + "".join(_filter(kinds[type(each)], each.tests) for each in filters)
        case WithHistory(of=of, refsets=refsets):
            return f"{_sub(of)} {{{{ + HISTORY ({written(refsets)}) }}}}"


def _sub(constraint: Constraint) -> str:
    text = written(constraint)
    return text if isinstance(constraint, AnyConcept | Concept) else f"({text})"


def _refinement(part: Refinement) -> str:
    match part:
        case Attribute():
            flag = "R " if part.is_reversed else ""
            return f"{_times(part.cardinality)}{flag}{_sub(part.name)} {_value(part.value)}"
        case AttributeGroup(of=of, cardinality=cardinality):
            return f"{_times(cardinality)}{{ {_refinement(of)} }}"
        case AttributeSet(operator=operator, parts=parts):
            return f" {operator} ".join(map(_bracketed, parts))
        case RefinementSet(operator=operator, parts=refinements):
            return f" {operator} ".join(map(_bracketed, refinements))


def _bracketed(part: Refinement) -> str:
    text = _refinement(part)
    return text if isinstance(part, Attribute | AttributeGroup) else f"({text})"


def _times(cardinality: Cardinality) -> str:
    if cardinality == Cardinality():
        return ""
    return f"[{cardinality.least}..{'*' if cardinality.most is None else cardinality.most}] "


def _value(value: Value | TimeValue) -> str:
    match value:
        case ConceptValue(of=of, is_negated=negated):
            return f"{_equal(negated)} {_sub(of)}"
        case NumberValue(order=order, number=number):
            return f"{order.value} #{number:g}"
        case TextValue(terms=terms, is_negated=negated):
            return f"{_equal(negated)} ({' '.join(map(_term, terms))})"
        case BooleanValue(is_true=is_true, is_negated=negated):
            return f"{_equal(negated)} {str(is_true).lower()}"
        case TimeValue(order=order, times=times):
            listed = " ".join(f'"{time or ""}"' for time in times)
            return f"{order.value} ({listed})"


def _equal(negated: bool) -> str:
    return "!=" if negated else "="


def _term(term: SearchTerm) -> str:
    if term.kind == "wild":
        return f'wild:"{term.text}"'
    text = term.text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"' if term.kind == "exact" else f'match:"{text}"'


def _filter(kind: str, tests: tuple[DescriptionTest | ConceptTest | MemberTest, ...]) -> str:
    return f" {{{{ {kind} {', '.join(map(_test, tests))} }}}}" if tests else ""


def _test(test: DescriptionTest | ConceptTest | MemberTest) -> str:
    match test:
        case TermTest(term=value):
            return f"term {_value(value)}"
        case LanguageTest(codes=codes, is_negated=negated):
            return f"language {_equal(negated)} ({' '.join(codes)})"
        case DialectTest(dialects=dialects, is_negated=negated):
            return f"dialectId {_equal(negated)} {_dialects(dialects)}"
        case IdTest(ids=ids, is_negated=negated):
            return f"id {_equal(negated)} ({' '.join(ids)})"
        case TypeTest() | ModuleTest() | EffectiveTimeTest() | StatusTest():
            return f"{_KEYWORDS[type(test)]} {_value(test.of)}"
        case FieldTest(name=name, value=value):
            return f"{name} {_value(value)}"
        case ActiveTest(is_active=is_active):
            return f"active = {'*' if is_active is None else int(is_active)}"


def _dialects(dialects: tuple[Dialect, ...]) -> str:
    if len(dialects) > 1:
        return f"({' '.join(map(_dialect, dialects))})"
    return _dialect(dialects[0])


def _dialect(dialect: Dialect) -> str:
    listed = f" ({' '.join(dialect.acceptabilities)})" if dialect.acceptabilities else ""
    return f"{_sub(dialect.refsets)}{listed}"
