"""One search parameter with its value, as a test: modifiers, composites, chains and `_has`.

Sources: http://hl7.org/fhir/R4/search.html#modifiers, #combining, #chaining, #has.
"""

from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.r4.search_parameters import SearchParameter
from fhir_server.rest.search_modifiers import check_modifier
from fhir_server.rest.search_terms import Place, read_term, read_terms
from fhir_server.rest.search_text import refused, split
from fhir_server.store.search_query import (
    ChainTerm,
    CompositeTerm,
    Criterion,
    HasTerm,
    Missing,
    Term,
    Test,
    TokenTerm,
)
from fhir_server.store.search_served import searchable

# Levels of a chain, `_has` included; each multiplies what has to be looked at.
_DEEPEST = 5
_TYPES = frozenset(STORED_TYPES)


class UnknownParameter(BadRequest):
    """400: no such search parameter; a lenient client has it left out."""


def _unknown(type: str, name: str) -> UnknownParameter:
    known = ", ".join(sorted(searchable(type)))
    text = f"{name[:100]!r} is a search parameter of {type} that is not supported."
    return UnknownParameter("not-supported", f"{text} Supported: {known}.")


def read_test(type: str, name: str, value: str, place: Place, *, depth: int = 0) -> Test:
    """Return the test of one parameter on resources of `type`.

    UnknownParameter where `type` does not have it, BadRequest (400) for what else cannot be read.
    """
    if depth > _DEEPEST:
        text = f"A chain takes up to {_DEEPEST} levels."
        raise BadRequest("too-costly", text)
    if name.startswith("_has:"):
        return _read_has(type, name, value, place, depth)
    if "." in name:
        return _read_chain(type, name, value, place, depth)
    bare, _, modifier = name.partition(":")
    parameter = searchable(type).get(bare)
    if parameter is None:
        raise _unknown(type, name)
    if modifier == "missing":
        check_modifier(parameter, modifier)
        return Missing(bare, _boolean(name, value))
    if parameter.type == "composite":
        check_modifier(parameter, modifier)
        return Criterion(bare, _composites(type, parameter, value, place))
    terms = read_terms(parameter, modifier, value, place)
    if bare == "_id":
        _check_ids(value, terms)
    return Criterion(
        bare,
        terms,
        negated=modifier in ("not", "not-in"),
        of_identifier=modifier == "identifier",
    )


def _boolean(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise refused(name, value, "write true or false")
    return value == "true"


def _check_ids(value: str, terms: tuple[Term, ...]) -> None:
    if any(isinstance(term, TokenTerm) and term.system is not None for term in terms):
        raise refused("_id", value, "write ids without a system")


def _composites(
    type: str, parameter: SearchParameter, value: str, place: Place
) -> tuple[CompositeTerm, ...]:
    components = components_of(type, parameter)
    terms: list[CompositeTerm] = []
    for text in split(value, ","):
        parts = split(text, "$")
        if len(parts) != len(components) or not all(part.strip() for part in parts):
            names = "$".join(component.name for component in components)
            raise refused(parameter.name, text, f"write its {len(components)} parts as {names}")
        terms.append(
            CompositeTerm(
                tuple(
                    read_term(component, "", parameter.name, part, place)
                    for component, part in zip(components, parts, strict=True)
                )
            )
        )
    return tuple(terms)


def components_of(type: str, parameter: SearchParameter) -> tuple[SearchParameter, ...]:
    """Return what the parts of a composite's value are values of, in their order."""
    declared = searchable(type)
    if parameter.union_of:
        return components_of(type, declared[parameter.union_of[0].name])
    if parameter.all_of:
        return tuple(declared[name] for name in parameter.all_of)
    return parameter.components


def _read_chain(type: str, name: str, value: str, place: Place, depth: int) -> Criterion:
    head, _, rest = name.partition(".")
    bare, colon, wanted = head.partition(":")
    parameter = searchable(type).get(bare)
    if parameter is None:
        raise _unknown(type, name)
    if parameter.type != "reference":
        text = f"{name[:100]}: {bare} is of type {parameter.type}; only a reference is chained."
        raise BadRequest("not-supported", text)
    if colon:
        tests = {wanted: read_test(_target(parameter, wanted), rest, value, place, depth=depth + 1)}
    else:
        tests = _on_every_target(parameter, name, rest, value, place, depth)
    return Criterion(bare, tuple(ChainTerm(t, (tests[t],), place.base_url) for t in tests))


def _target(parameter: SearchParameter, wanted: str) -> str:
    targets = parameter.targets or STORED_TYPES
    if wanted not in targets or wanted not in _TYPES:
        known = ", ".join(parameter.targets) or "any resource type"
        text = f"{parameter.name}:{wanted[:40]} cannot be chained; {parameter.name} refers to"
        raise BadRequest("not-supported", f"{text} {known}.")
    return wanted


def _on_every_target(
    parameter: SearchParameter, name: str, rest: str, value: str, place: Place, depth: int
) -> dict[str, Test]:
    """Return the test on each type that the reference may lead to and that knows the rest.

    R4 search.html#chaining: a chain without a type is evaluated on each of the types.
    """
    if not parameter.targets:
        text = (
            f"{name[:100]}: {parameter.name} refers to any type of resource; "
            f"name one, as in {parameter.name}:Patient.{rest[:60]}."
        )
        raise BadRequest("not-supported", text)
    tests: dict[str, Test] = {}
    for target in parameter.targets:
        if target in _TYPES:
            try:
                tests[target] = read_test(target, rest, value, place, depth=depth + 1)
            except UnknownParameter:
                continue
    if not tests:
        types = ", ".join(parameter.targets)
        text = f"{name[:100]!r}: {rest[:60]!r} is a search parameter of none of {types}."
        raise UnknownParameter("not-supported", text)
    return tests


def _read_has(type: str, name: str, value: str, place: Place, depth: int) -> Criterion:
    parts = name.split(":", 3)
    if len(parts) < 4 or not all(parts):
        text = f"{name[:100]}: write _has:Type:reference:parameter, as in _has:Observation:patient:"
        raise BadRequest("value", f"{text}code.")
    _has, far, reference, rest = parts
    if far not in _TYPES:
        raise BadRequest("not-supported", f"{name[:100]}: {far[:40]!r} is no resource type here.")
    parameter = searchable(far).get(reference)
    if parameter is None:
        raise _unknown(far, reference)
    if parameter.type != "reference" or (parameter.targets and type not in parameter.targets):
        text = f"{name[:100]}: {far}.{reference[:60]} does not refer to a {type}."
        raise BadRequest("not-supported", text)
    test = read_test(far, rest, value, place, depth=depth + 1)
    return Criterion("_has", (HasTerm(far, reference, (test,), place.base_url),))
