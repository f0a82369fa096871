"""One `_include` or `_revinclude` as it is written in a search.

Source: http://hl7.org/fhir/R4/search.html#include: `Source:parameter[:Target]`, or `*`.
"""

from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.resource_types import RESOURCE_TYPES
from fhir_server.r4.search_parameters import parameters_of
from fhir_server.store.many import ALL
from fhir_server.store.search_includes import Include

NAMES = ("_include", "_revinclude")


def is_include(name: str) -> bool:
    """Return whether `name`, with any modifier, is one of the two parameters."""
    return name.partition(":")[0] in NAMES


def read_include(type: str, name: str, value: str) -> Include:
    """Return the include; BadRequest (400) for one that is unknown or could bring nothing.

    `type` is what is searched for. `:iterate` is the only modifier.
    """
    bare, _, modifier = name.partition(":")
    reverse = bare == "_revinclude"
    if modifier not in ("", "iterate"):
        raise _refused(name, value, f"modifier {modifier[:20]!r} is not supported; :iterate is")
    source, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    include = Include(
        source, parameter or ALL, target or None, iterate=modifier == "iterate", reverse=reverse
    )
    if value == ALL:
        return Include(ALL, ALL, None, include.iterate, reverse)
    if source not in RESOURCE_TYPES:
        raise _refused(name, value, f"{source[:64]!r} is no resource type of R4")
    if not parameter:
        raise _refused(name, value, f"write {source}:parameter or {source}:*")
    _check_parameter(include, name, value)
    _check_reach(include, type, name, value)
    return include


def _check_parameter(include: Include, name: str, value: str) -> None:
    declared = parameters_of(include.source)
    targets: tuple[str, ...] = ()
    if include.parameter != ALL:
        found = declared.get(include.parameter)
        if found is None or found.type != "reference":
            known = ", ".join(p.name for p in declared.values() if p.type == "reference")
            text = f"{include.source} has no reference parameter {include.parameter[:64]!r}"
            raise _refused(name, value, f"{text}; it has {known or 'none'}")
        targets = found.targets
    if include.target is not None:
        if include.target not in RESOURCE_TYPES:
            raise _refused(name, value, f"{include.target[:64]!r} is no resource type of R4")
        if targets and include.target not in targets:
            text = f"{include.parameter} leads to {', '.join(targets)}, not to {include.target}"
            raise _refused(name, value, text)


def _check_reach(include: Include, type: str, name: str, value: str) -> None:
    """Refuse what cannot begin at a match, unless something else may bring along where it begins.

    R4 leaves open what a server does with it; to answer without a word would say that there is
    nothing to bring along.
    """
    if include.iterate:
        return
    begins = include.target if include.reverse else include.source
    if begins not in (None, type):
        bare = name.partition(":")[0]
        raise _refused(
            name,
            value,
            f"a match is a {type}, from which this leads nowhere; "
            f"to follow what was brought along write {bare}:iterate",
        )
    if include.reverse and include.parameter != ALL:
        targets = parameters_of(include.source)[include.parameter].targets
        if targets and type not in targets:
            text = f"{include.source}.{include.parameter} leads to {', '.join(targets)}"
            raise _refused(name, value, f"{text}, not to a {type}")


def _refused(name: str, value: str, why: str) -> BadRequest:
    return BadRequest("not-supported", f"{name[:60]}={value[:100]}: {why}.")
