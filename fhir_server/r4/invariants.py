"""R4's own rules between elements, for the datatypes and resource types that the product uses.

Each carries HL7's key and text. They run on an object whose form is right, so they may rely on
JSON types. Not here: rules that need FHIRPath over the whole record (dom-3, bdl-9 to bdl-12).
"""

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, NamedTuple, TypeAlias

from fhir_server.r4.dates import instant_range

JsonObject: TypeAlias = dict[str, Any]

_UCUM = "http://unitsofmeasure.org"


class Invariant(NamedTuple):
    """One rule: HL7's key and text, whether it holds, and the child that the issue points at."""

    key: str
    text: str
    holds: Callable[[JsonObject], bool]
    at: str | None = None


def _has(node: JsonObject, *names: str) -> bool:
    """Whether one of the elements exists: as a value, by extension, or as one type of a choice."""
    return any(name in node or "_" + name in node for name in names)


def _has_choice(node: JsonObject, stem: str) -> bool:
    return any(
        key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper()
        for key in (name.removeprefix("_") for name in node)
    )


def _needs(dependent: str, *others: str) -> Callable[[JsonObject], bool]:
    return lambda node: not _has(node, dependent) or _has(node, *others)


def _any_of(*names: str) -> Callable[[JsonObject], bool]:
    return lambda node: _has(node, *names)


def _period_in_order(period: JsonObject) -> bool:
    start, end = period.get("start"), period.get("end")
    if start is None or end is None:
        return True
    if len(start) > 10 and len(end) > 10:
        return instant_range(start, default_zone=UTC)[0] < instant_range(end, default_zone=UTC)[1]
    # A date without a zone is compared by the calendar, as far as both go.
    shared = min(len(start), len(end), 10)
    return bool(start[:shared] <= end[:shared])


def _low_below_high(range_: JsonObject) -> bool:
    low, high = range_.get("low", {}), range_.get("high", {})
    if "value" not in low or "value" not in high or low.get("code") != high.get("code"):
        return True
    return bool(low["value"] <= high["value"])


def _codings(concept: JsonObject) -> set[tuple[str | None, str]]:
    return {(c.get("system"), c["code"]) for c in concept.get("coding", ()) if "code" in c}


def _value_is_not_a_components(observation: JsonObject) -> bool:
    if "component" not in observation or not _has_choice(observation, "value"):
        return True
    own = _codings(observation["code"]) if "code" in observation else set()
    return not any(own & _codings(c["code"]) for c in observation["component"] if "code" in c)


def _is_entered_in_error(condition: JsonObject) -> bool:
    return any(
        code == "entered-in-error" for _, code in _codings(condition.get("verificationStatus", {}))
    )


def _abated_is_not_active(condition: JsonObject) -> bool:
    if not _has_choice(condition, "abatement"):
        return True
    ended = {"inactive", "resolved", "remission"}
    return any(code in ended for _, code in _codings(condition.get("clinicalStatus", {})))


def _is_percentage(quantity: JsonObject | None) -> bool:
    return quantity is None or (quantity.get("code"), quantity.get("system")) == ("%", _UCUM)


def _ratio_is_whole(ratio: JsonObject) -> bool:
    both = _has(ratio, "numerator"), _has(ratio, "denominator")
    return both == (True, True) or (both == (False, False) and _has(ratio, "extension"))


def _no_contained(resource: JsonObject, *path: str) -> bool:
    def holds(node: Any, names: tuple[str, ...]) -> bool:
        if not names:
            return False
        return names[0] not in node or holds(node[names[0]], names[1:])

    return all(holds(inner, path) for inner in resource.get("contained", ()))


def _entries_have(bundle: JsonObject, name: str, types: tuple[str, ...]) -> bool:
    wanted = bundle.get("type") in types
    return all((name in entry) == wanted for entry in bundle.get("entry", ()))


def _full_urls_differ(bundle: JsonObject) -> bool:
    if bundle.get("type") == "history":
        return True
    urls = [
        (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in bundle.get("entry", ())
        if "fullUrl" in entry
    ]
    return len(set(urls)) == len(urls)


_UNIT_HAS_SYSTEM = Invariant(
    "qty-3",
    "If a code for the unit is present, the system SHALL also be present",
    _needs("code", "system"),
    "system",
)
_TIME_UNIT = Invariant(
    "drt-1",
    "A duration's code is an expression of time in UCUM, beside a value",
    lambda node: not _has(node, "code") or (node.get("system") == _UCUM and _has(node, "value")),
)

# R4 domainresource.html#invs
_DOMAIN: tuple[Invariant, ...] = (
    Invariant(
        "dom-2",
        "A contained resource SHALL NOT contain nested resources",
        lambda node: _no_contained(node, "contained"),
        "contained",
    ),
    Invariant(
        "dom-4",
        "A contained resource SHALL NOT have a meta.versionId or a meta.lastUpdated",
        lambda node: (
            _no_contained(node, "meta", "versionId") and _no_contained(node, "meta", "lastUpdated")
        ),
        "contained",
    ),
    Invariant(
        "dom-5",
        "A contained resource SHALL NOT have a security label",
        lambda node: _no_contained(node, "meta", "security"),
        "contained",
    ),
)

_BY_NAME: Mapping[str, tuple[Invariant, ...]] = {
    "Attachment": (
        Invariant(
            "att-1",
            "If the Attachment has data, it SHALL have a contentType",
            _needs("data", "contentType"),
            "contentType",
        ),
    ),
    "Bundle": (
        Invariant(
            "bdl-1",
            "total only when a search or history",
            lambda node: "total" not in node or node.get("type") in ("searchset", "history"),
            "total",
        ),
        Invariant(
            "bdl-2",
            "entry.search only when a search",
            lambda node: (
                node.get("type") == "searchset"
                or not any("search" in entry for entry in node.get("entry", ()))
            ),
            "entry",
        ),
        Invariant(
            "bdl-3",
            "entry.request mandatory for batch/transaction/history, otherwise prohibited",
            lambda node: _entries_have(node, "request", ("batch", "transaction", "history")),
            "entry",
        ),
        Invariant(
            "bdl-4",
            "entry.response mandatory for batch-response/transaction-response/history, "
            "otherwise prohibited",
            lambda node: _entries_have(
                node, "response", ("batch-response", "transaction-response", "history")
            ),
            "entry",
        ),
        Invariant(
            "bdl-7",
            "FullUrl must be unique in a bundle, or else entries with the same fullUrl must have "
            "different meta.versionId (except in history bundles)",
            _full_urls_differ,
            "entry",
        ),
    ),
    "Bundle.entry": (
        Invariant(
            "bdl-5",
            "must be a resource unless there's a request or response",
            _any_of("resource", "request", "response"),
            "resource",
        ),
        Invariant(
            "bdl-8",
            "fullUrl cannot be a version specific reference",
            lambda node: "/_history/" not in node.get("fullUrl", ""),
            "fullUrl",
        ),
    ),
    "Condition": (
        Invariant(
            "con-4",
            "If condition is abated, then clinicalStatus must be either inactive, resolved, or "
            "remission",
            _abated_is_not_active,
            "clinicalStatus",
        ),
        Invariant(
            "con-5",
            "Condition.clinicalStatus SHALL NOT be present if verification Status is "
            "entered-in-error",
            lambda node: not (_has(node, "clinicalStatus") and _is_entered_in_error(node)),
            "clinicalStatus",
        ),
    ),
    "Condition.evidence": (
        Invariant("con-2", "evidence SHALL have code or details", _any_of("code", "detail")),
    ),
    "Condition.stage": (
        Invariant(
            "con-1", "Stage SHALL have summary or assessment", _any_of("summary", "assessment")
        ),
    ),
    "ContactPoint": (
        Invariant(
            "cpt-2",
            "A system is required if a value is provided",
            _needs("value", "system"),
            "system",
        ),
    ),
    "Age": (_UNIT_HAS_SYSTEM,),
    "Count": (_UNIT_HAS_SYSTEM,),
    "Distance": (_UNIT_HAS_SYSTEM,),
    "Duration": (_UNIT_HAS_SYSTEM, _TIME_UNIT),
    "MoneyQuantity": (_UNIT_HAS_SYSTEM,),
    "Quantity": (_UNIT_HAS_SYSTEM,),
    "SimpleQuantity": (_UNIT_HAS_SYSTEM,),
    "Extension": (
        Invariant(
            "ext-1",
            "Must have either extensions or value[x], not both",
            lambda node: _has(node, "extension") != _has_choice(node, "value"),
        ),
    ),
    "Observation": (
        Invariant(
            "obs-6",
            "dataAbsentReason SHALL only be present if Observation.value[x] is not present",
            lambda node: not (_has(node, "dataAbsentReason") and _has_choice(node, "value")),
            "dataAbsentReason",
        ),
        Invariant(
            "obs-7",
            "If Observation.code is the same as an Observation.component.code then the value "
            "element associated with the code SHALL NOT be present",
            _value_is_not_a_components,
            "value",
        ),
    ),
    "Observation.referenceRange": (
        Invariant(
            "obs-3", "Must have at least a low or a high or text", _any_of("low", "high", "text")
        ),
    ),
    "Organization": (
        Invariant(
            "org-1",
            "The organization SHALL at least have a name or an identifier",
            _any_of("name", "identifier"),
        ),
    ),
    "Patient.contact": (
        Invariant(
            "pat-1",
            "SHALL at least contain a contact's details or a reference to an organization",
            _any_of("name", "telecom", "address", "organization"),
        ),
    ),
    "Period": (
        Invariant(
            "per-1",
            "If present, start SHALL have a lower value than end",
            _period_in_order,
            "start",
        ),
    ),
    "Range": (
        Invariant(
            "rng-2", "If present, low SHALL have a lower value than high", _low_below_high, "low"
        ),
    ),
    "Ratio": (
        Invariant(
            "rat-1",
            "Numerator and denominator SHALL both be present, or both are absent; if both are "
            "absent, there SHALL be some extension present",
            _ratio_is_whole,
        ),
    ),
    "RiskAssessment.prediction": (
        Invariant(
            "ras-1",
            'low and high must be percentages, if present (system UCUM, code "%")',
            lambda node: all(
                _is_percentage(node.get("probabilityRange", {}).get(end)) for end in ("low", "high")
            ),
            "probabilityRange",
        ),
        Invariant(
            "ras-2",
            "A decimal probability must be <= 100",
            lambda node: node.get("probabilityDecimal", 0) <= 100,
            "probabilityDecimal",
        ),
    ),
    "ServiceRequest": (
        Invariant(
            "prr-1",
            "orderDetail SHALL only be present if code is present",
            _needs("orderDetail", "code"),
            "orderDetail",
        ),
    ),
    "Timing.repeat": (
        Invariant(
            "tim-1",
            "if there's a duration, there needs to be duration units",
            _needs("duration", "durationUnit"),
            "durationUnit",
        ),
        Invariant(
            "tim-2",
            "if there's a period, there needs to be period units",
            _needs("period", "periodUnit"),
            "periodUnit",
        ),
        Invariant(
            "tim-4",
            "duration SHALL be a non-negative value",
            lambda node: node.get("duration", 0) >= 0,
            "duration",
        ),
        Invariant(
            "tim-5",
            "period SHALL be a non-negative value",
            lambda node: node.get("period", 0) >= 0,
            "period",
        ),
    ),
}


def invariants_of(structure: str, *, holds_resources: bool) -> tuple[Invariant, ...]:
    """Return the rules of a structure; `holds_resources` is true for a DomainResource."""
    return (*_BY_NAME.get(structure, ()), *(_DOMAIN if holds_resources else ()))
