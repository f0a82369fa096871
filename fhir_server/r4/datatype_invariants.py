"""R4's own rules between the elements of its datatypes, each with HL7's key and text."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC

from fhir_server.r4.dates import instant_range
from fhir_server.r4.invariant_rules import (
    UCUM,
    Invariant,
    JsonObject,
    any_of,
    count,
    distinct,
    either,
    has,
    needs,
    not_both,
)


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


def _ratio_is_whole(ratio: JsonObject) -> bool:
    both = has(ratio, "numerator"), has(ratio, "denominator")
    return both == (True, True) or (both == (False, False) and has(ratio, "extension"))


def _measured_in(system: str) -> Callable[[JsonObject], bool]:
    """Return the rule: a value has a code, and a system, where given, is `system`."""
    return lambda node: (
        (has(node, "code") or not has(node, "value"))
        and (not has(node, "system") or node.get("system") == system)
    )


def _is_count(node: JsonObject) -> bool:
    value = node.get("value")
    whole = value is None or type(value) is int or "." not in str(value)
    return _measured_in(UCUM)(node) and node.get("code", "1") == "1" and whole


def _offset_suits(repeat: JsonObject) -> bool:
    # C, CM, CD and CV are meals themselves, from which nothing is offset.
    return not has(repeat, "offset") or (
        has(repeat, "when") and not {"C", "CM", "CD", "CV"} & set(repeat.get("when", ()))
    )


def _trigger_has_its_part(trigger: JsonObject) -> bool:
    kind = trigger.get("type", "")
    if kind == "named-event":
        return has(trigger, "name")
    if kind == "periodic":
        return has(trigger, "timing[x]")
    return not kind.startswith("data-") or has(trigger, "data")


_UNIT_HAS_SYSTEM = Invariant(
    "qty-3",
    "If a code for the unit is present, the system SHALL also be present",
    needs("code", "system"),
    "system",
)


def _non_negative(key: str, name: str) -> Invariant:
    return Invariant(
        key, f"{name} SHALL be a non-negative value", lambda node: node.get(name, 0) >= 0, name
    )


_TIMING: tuple[Invariant, ...] = (
    Invariant(
        "tim-1",
        "if there's a duration, there needs to be duration units",
        needs("duration", "durationUnit"),
        "durationUnit",
    ),
    Invariant(
        "tim-2",
        "if there's a period, there needs to be period units",
        needs("period", "periodUnit"),
        "periodUnit",
    ),
    _non_negative("tim-4", "duration"),
    _non_negative("tim-5", "period"),
    Invariant(
        "tim-6",
        "If there's a periodMax, there must be a period",
        needs("periodMax", "period"),
        "period",
    ),
    Invariant(
        "tim-7",
        "If there's a durationMax, there must be a duration",
        needs("durationMax", "duration"),
        "duration",
    ),
    Invariant(
        "tim-8", "If there's a countMax, there must be a count", needs("countMax", "count"), "count"
    ),
    Invariant(
        "tim-9",
        "If there's an offset, there must be a when (and not C, CM, CD, CV)",
        _offset_suits,
        "offset",
    ),
    Invariant(
        "tim-10",
        "If there's a timeOfDay, there cannot be a when, or vice versa",
        not_both("timeOfDay", "when"),
        "when",
    ),
)

_ELEMENT_NAME = r"[^\s.,:;'\"/|?!@#$%&*()\[\]{}]{1,64}"
_ELEMENT_PATH = re.compile(
    rf"{_ELEMENT_NAME}(?:\.{_ELEMENT_NAME}(?:\[x\])?(?::[^\s.]+)?)*", re.ASCII
)
_SLICE_NAME = re.compile(r"[a-zA-Z0-9/\-_\[\]@]+")
_EXCLUDED_BY_REFERENCE = (
    *("type", "defaultValue[x]", "fixed[x]", "pattern[x]", "example", "minValue[x]"),
    *("maxValue[x]", "maxLength", "binding"),
)


def _max_of(element: JsonObject) -> bool:
    text = element.get("max", "*")
    return bool(text == "*" or (text.isdecimal() and text.isascii()))


def _min_below_max(element: JsonObject) -> bool:
    most = element.get("max", "*")
    return not most.isdecimal() or bool(int(most) >= element.get("min", 0))


_ELEMENT_DEFINITION: tuple[Invariant, ...] = (
    Invariant("eld-2", "Min <= Max", _min_below_max, "min"),
    Invariant("eld-3", 'Max SHALL be a number or "*"', _max_of, "max"),
    Invariant(
        "eld-5",
        "if the element definition has a contentReference, it cannot have type, defaultValue, "
        "fixed, pattern, example, minValue, maxValue, maxLength, or binding",
        lambda node: not (has(node, "contentReference") and has(node, *_EXCLUDED_BY_REFERENCE)),
        "contentReference",
    ),
    Invariant(
        "eld-6",
        "Fixed value may only be specified if there is one type",
        lambda node: not has(node, "fixed[x]") or count(node, "type") <= 1,
        "type",
    ),
    Invariant(
        "eld-7",
        "Pattern may only be specified if there is one type",
        lambda node: not has(node, "pattern[x]") or count(node, "type") <= 1,
        "type",
    ),
    Invariant(
        "eld-8",
        "Pattern and fixed are mutually exclusive",
        not_both("pattern[x]", "fixed[x]"),
        "pattern",
    ),
    Invariant("eld-13", "Types must be unique by code", distinct("type", "code"), "type"),
    Invariant(
        "eld-14", "Constraints must be unique by key", distinct("constraint", "key"), "constraint"
    ),
    Invariant(
        "eld-15",
        "default value and meaningWhenMissing are mutually exclusive",
        not_both("defaultValue[x]", "meaningWhenMissing"),
        "meaningWhenMissing",
    ),
    Invariant(
        "eld-16",
        'sliceName must be composed of proper tokens separated by "/"',
        lambda node: _SLICE_NAME.fullmatch(node.get("sliceName", "-")) is not None,
        "sliceName",
    ),
    Invariant(
        "eld-18",
        "Must have a modifier reason if isModifier = true",
        lambda node: node.get("isModifier") is not True or has(node, "isModifierReason"),
        "isModifierReason",
    ),
    Invariant(
        "eld-19",
        "Element names cannot include some special characters",
        lambda node: _ELEMENT_PATH.match(node.get("path", "-")) is not None,
        "path",
    ),
    Invariant(
        "eld-22",
        "sliceIsConstraining can only appear if slicename is present",
        needs("sliceIsConstraining", "sliceName"),
        "sliceName",
    ),
)

DATATYPE_INVARIANTS: Mapping[str, tuple[Invariant, ...]] = {
    "Attachment": (
        Invariant(
            "att-1",
            "If the Attachment has data, it SHALL have a contentType",
            needs("data", "contentType"),
            "contentType",
        ),
    ),
    "ContactPoint": (
        Invariant(
            "cpt-2",
            "A system is required if a value is provided",
            needs("value", "system"),
            "system",
        ),
    ),
    "Age": (
        _UNIT_HAS_SYSTEM,
        Invariant(
            "age-1",
            "There SHALL be a code if there is a value and it SHALL be an expression of time. If "
            "system is present, it SHALL be UCUM. If value is present, it SHALL be positive.",
            lambda node: _measured_in(UCUM)(node) and node.get("value", 1) > 0,
        ),
    ),
    "Count": (
        _UNIT_HAS_SYSTEM,
        Invariant(
            "cnt-3",
            'There SHALL be a code with a value of "1" if there is a value. If system is present, '
            "it SHALL be UCUM. If present, the value SHALL be a whole number.",
            _is_count,
        ),
    ),
    "Distance": (
        _UNIT_HAS_SYSTEM,
        Invariant(
            "dis-1",
            "There SHALL be a code if there is a value and it SHALL be an expression of length. "
            "If system is present, it SHALL be UCUM.",
            _measured_in(UCUM),
        ),
    ),
    "Duration": (
        _UNIT_HAS_SYSTEM,
        Invariant(
            "drt-1",
            "There SHALL be a code if there is a value and it SHALL be an expression of time. If "
            "system is present, it SHALL be UCUM.",
            lambda node: (
                not has(node, "code") or (node.get("system") == UCUM and has(node, "value"))
            ),
        ),
    ),
    "MoneyQuantity": (
        _UNIT_HAS_SYSTEM,
        Invariant(
            "mqty-1",
            "There SHALL be a code if there is a value and it SHALL be an expression of currency. "
            "If system is present, it SHALL be ISO 4217",
            _measured_in("urn:iso:std:iso:4217"),
        ),
    ),
    "Quantity": (_UNIT_HAS_SYSTEM,),
    "SimpleQuantity": (_UNIT_HAS_SYSTEM,),
    "DataRequirement.codeFilter": (
        Invariant(
            "drq-1",
            "Either a path or a searchParam must be provided, but not both",
            either("path", "searchParam"),
        ),
    ),
    "DataRequirement.dateFilter": (
        Invariant(
            "drq-2",
            "Either a path or a searchParam must be provided, but not both",
            either("path", "searchParam"),
        ),
    ),
    "ElementDefinition": _ELEMENT_DEFINITION,
    "ElementDefinition.binding": (
        Invariant(
            "eld-12",
            "ValueSet SHALL start with http:// or https:// or urn:",
            lambda node: node.get("valueSet", "urn:").startswith(("http:", "https", "urn:")),
            "valueSet",
        ),
    ),
    "ElementDefinition.slicing": (
        Invariant(
            "eld-1",
            "If there are no discriminators, there must be a definition",
            any_of("discriminator", "description"),
        ),
    ),
    "ElementDefinition.type": (
        Invariant(
            "eld-4",
            "Aggregation may only be specified if one of the allowed types for the element is a "
            "reference",
            lambda node: (
                not has(node, "aggregation") or node.get("code") in ("Reference", "canonical")
            ),
            "aggregation",
        ),
        Invariant(
            "eld-17",
            "targetProfile is only allowed if the type is Reference or canonical",
            lambda node: (
                not has(node, "targetProfile") or node.get("code") in ("Reference", "canonical")
            ),
            "targetProfile",
        ),
    ),
    "Expression": (
        Invariant(
            "exp-1",
            "An expression or a reference must be provided",
            any_of("expression", "reference"),
        ),
    ),
    "Extension": (
        Invariant(
            "ext-1",
            "Must have either extensions or value[x], not both",
            either("extension", "value[x]"),
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
    "Timing.repeat": _TIMING,
    "TriggerDefinition": (
        Invariant(
            "trd-1",
            "Either timing, or a data requirement, but not both",
            not_both("data", "timing[x]"),
        ),
        Invariant(
            "trd-2",
            "A condition only if there is a data requirement",
            needs("condition", "data"),
            "data",
        ),
        Invariant(
            "trd-3",
            "A named event requires a name, a periodic event requires timing, and a data event "
            "requires data",
            _trigger_has_its_part,
        ),
    ),
}
