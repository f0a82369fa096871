"""Which codes of R4's own code systems stand below another: the few systems that have levels.

Of the 190 required value sets that hold one whole R4 code system of their own name, these are the
systems that nest. Source: R4 4.0.1 valuesets.json (CodeSystem.concept.concept). Left out is
`item-type`, whose parent `question` is abstract and so in no value set.
"""

from collections.abc import Iterable, Mapping

_BASE = "http://hl7.org/fhir/"
_NESTED = """
care-plan-activity-status: cancelled > stopped
concept-map-equivalence: relatedto > equivalent wider subsumes narrower specializes inexact
concept-map-equivalence: equivalent > equal
concept-map-equivalence: unmatched > disjoint
diagnostic-report-status: partial > preliminary
diagnostic-report-status: amended > corrected appended
goal-status: accepted > active on-hold completed
issue-type: invalid > structure required value invariant
issue-type: security > login unknown expired forbidden suppressed
issue-type: processing > not-supported duplicate multiple-matches not-found too-long code-invalid
issue-type: processing > extension too-costly business-rule conflict
issue-type: not-found > deleted
issue-type: transient > lock-error no-store exception timeout incomplete throttled
name-use: old > maiden
observation-status: amended > corrected
provenance-entity-role: derivation > revision quotation source removal
request-intent: order > original-order reflex-order filler-order
request-intent: filler-order > instance-order
resource-aggregation-mode: referenced > bundled
trigger-type: data-changed > data-added data-modified data-removed
"""

Below = Mapping[str, frozenset[str]]


def own_value_set(system: str) -> str | None:
    """Return the R4 value set that holds the whole of an R4 code system; None for other systems."""
    name = system.removeprefix(_BASE)
    if name == system or "/" in name or name == "item-type":
        return None
    return f"{_BASE}ValueSet/{name}"


def below_of(system: str) -> Below:
    """Return code -> the codes directly below it, of an R4 code system."""
    found: dict[str, frozenset[str]] = {}
    for line in _NESTED.split("\n"):
        name, _, relation = line.partition(": ")
        if name and _BASE + name == system:
            parent, _, children = relation.partition(" > ")
            found[parent] = found.get(parent, frozenset()) | frozenset(children.split())
    return found


def and_below(code: str, below: Below) -> Iterable[str]:
    """Yield `code` and every code below it."""
    level, seen = [code], {code}
    while level:
        parent = level.pop()
        yield parent
        new = below.get(parent, frozenset()) - seen
        seen |= new
        level += new
