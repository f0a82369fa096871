"""R4's own rules within conformance and terminology resources and Questionnaires."""

from collections.abc import Iterator, Mapping

from fhir_server.r4.invariant_rules import (
    Invariant,
    JsonObject,
    Rule,
    any_of,
    count,
    distinct,
    has,
    needs,
    never_when,
    not_both,
    only_when,
    values,
)

_FHIR_DEFINED = "http://hl7.org/fhir/StructureDefinition"


def _kind_suits(kind: str, needed: tuple[str, ...], forbidden: tuple[str, ...]) -> Rule:
    return lambda node: (
        node.get("kind") != kind
        or (all(has(node, name) for name in needed) and not has(node, *forbidden))
    )


def _statement(prefix: str, *, keys: tuple[str, str, str, str]) -> tuple[Invariant, ...]:
    """Return the rules that both kinds of capability statement share."""
    described, instance, capability, requirements = (f"{prefix}-{key}" for key in keys)
    return (
        Invariant(
            described,
            "A Capability Statement SHALL have at least one of description, software, or "
            "implementation element.",
            any_of("description", "software", "implementation"),
        ),
        Invariant(
            instance,
            "If kind = instance, implementation must be present and software may be present",
            _kind_suits("instance", ("implementation",), ()),
        ),
        Invariant(
            capability,
            "If kind = capability, implementation must be absent, software must be present",
            _kind_suits("capability", ("software",), ("implementation",)),
        ),
        Invariant(
            requirements,
            "If kind = requirements, implementation and software must be absent",
            _kind_suits("requirements", (), ("implementation", "software")),
        ),
    )


def _documents_differ(statement: JsonObject) -> bool:
    found = [(d.get("profile"), d.get("mode")) for d in statement.get("document", ())]
    return len(set(found)) == len(found)


def _concept_codes(concepts: list[JsonObject]) -> Iterator[str]:
    for concept in concepts:
        if "code" in concept:
            yield concept["code"]
        yield from _concept_codes(concept.get("concept", []))


def _codes_differ(code_system: JsonObject) -> bool:
    codes = list(_concept_codes(code_system.get("concept", [])))
    return len(set(codes)) == len(codes)


def _link_ids(items: list[JsonObject]) -> Iterator[str]:
    for item in items:
        if "linkId" in item:
            yield item["linkId"]
        yield from _link_ids(item.get("item", []))


def _link_ids_differ(questionnaire: JsonObject) -> bool:
    found = list(_link_ids(questionnaire.get("item", [])))
    return len(set(found)) == len(found)


def _preferred_differ(system: JsonObject) -> bool:
    kinds = [i.get("type") for i in system.get("uniqueId", ()) if i.get("preferred") is True]
    return len(set(kinds)) == len(kinds)


def _groups_known(definition: JsonObject) -> bool:
    known = {group.get("id") for group in definition.get("grouping", ())}
    return all(group in known for group in values(definition, "resource", "groupingId"))


def _versions_known(guide: JsonObject) -> bool:
    known = set(guide.get("fhirVersion", ()))
    return set(values(guide, "definition", "resource", "fhirVersion")) <= known


def _group_has_items(item: JsonObject) -> bool:
    kind = item.get("type")
    return (kind != "group" or has(item, "item")) and (kind != "display" or not has(item, "item"))


def _stratifiers_are_one_thing(measure: JsonObject) -> bool:
    return all(
        has(stratifier, "code", "description", "criteria") != has(stratifier, "component")
        for group in measure.get("group", ())
        for stratifier in group.get("stratifier", ())
    )


def _strata_are_one_thing(report: JsonObject) -> bool:
    return all(
        has(stratum, "value") != has(stratum, "component")
        for group in report.get("group", ())
        for stratifier in group.get("stratifier", ())
        for stratum in stratifier.get("stratum", ())
    )


def _one_parameter(parameter: JsonObject) -> bool:
    if has(parameter, "part"):
        return not has(parameter, "value[x]", "resource")
    return has(parameter, "value[x]") != has(parameter, "resource")


def _has_a_maximum(focus: JsonObject) -> bool:
    most = focus.get("max", "*")
    return most == "*" or (most.isdecimal() and int(most) > 0)


_QUESTION_TEXTS = ("boolean", "decimal", "integer", "string", "text", "url", "open-choice")
_WITH_ANSWERS = (
    *("choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string"),
    "quantity",
)

_QUESTIONNAIRE_ITEM: tuple[Invariant, ...] = (
    Invariant(
        "que-1",
        "Group items must have nested items, display items cannot have nested items",
        _group_has_items,
        "item",
    ),
    Invariant(
        "que-3",
        'Display items cannot have a "code" asserted',
        never_when("code", "type", "display"),
        "code",
    ),
    Invariant(
        "que-4",
        "A question cannot have both answerOption and answerValueSet",
        not_both("answerOption", "answerValueSet"),
    ),
    Invariant(
        "que-5",
        "Only 'choice' and 'open-choice' items can have answerValueSet",
        lambda node: (
            node.get("type") in _WITH_ANSWERS or not has(node, "answerValueSet", "answerOption")
        ),
        "type",
    ),
    Invariant(
        "que-6",
        "Required and repeat aren't permitted for display items",
        lambda node: node.get("type") != "display" or not has(node, "required", "repeats"),
        "type",
    ),
    Invariant(
        "que-8",
        "Initial values can't be specified for groups or display items",
        never_when("initial", "type", "group", "display"),
        "initial",
    ),
    Invariant(
        "que-9",
        'Read-only can\'t be specified for "display" items',
        never_when("readOnly", "type", "display"),
        "readOnly",
    ),
    Invariant(
        "que-10",
        "Maximum length can only be declared for simple question types",
        only_when("maxLength", "type", *_QUESTION_TEXTS),
        "maxLength",
    ),
    Invariant(
        "que-11",
        "If one or more answerOption is present, initial[x] must be missing",
        not_both("answerOption", "initial"),
        "initial",
    ),
    Invariant(
        "que-12",
        "If there are more than one enableWhen, enableBehavior must be specified",
        # The published expression counts above 2.
        lambda node: count(node, "enableWhen") <= 2 or has(node, "enableBehavior"),
        "enableBehavior",
    ),
    Invariant(
        "que-13",
        "Can only have multiple initial values for repeating items",
        lambda node: node.get("repeats") is True or count(node, "initial") <= 1,
        "initial",
    ),
)

CONFORMANCE_INVARIANTS: Mapping[str, tuple[Invariant, ...]] = {
    "CapabilityStatement": (
        Invariant(
            "cpb-1",
            "A Capability Statement SHALL have at least one of REST, messaging or document "
            "element.",
            any_of("rest", "messaging", "document"),
        ),
        *_statement("cpb", keys=("2", "14", "15", "16")),
        Invariant(
            "cpb-3",
            "Messaging end-point is required (and is only permitted) when a statement is for an "
            "implementation.",
            lambda node: (
                node.get("kind") == "instance"
                or not any(has(item, "endpoint") for item in node.get("messaging", ()))
            ),
            "messaging",
        ),
        Invariant(
            "cpb-7",
            "The set of documents must be unique by the combination of profile and mode.",
            _documents_differ,
            "document",
        ),
    ),
    "CapabilityStatement.rest": (
        Invariant(
            "cpb-9",
            "A given resource can only be described once per RESTful mode.",
            distinct("resource", "type"),
            "resource",
        ),
    ),
    "CapabilityStatement.rest.resource": (
        Invariant(
            "cpb-12",
            "Search parameter names must be unique in the context of a resource.",
            distinct("searchParam", "name"),
            "searchParam",
        ),
    ),
    "CodeSystem": (
        Invariant(
            "csd-1",
            "Within a code system definition, all the codes SHALL be unique",
            _codes_differ,
            "concept",
        ),
    ),
    "ConceptMap.group.element.target": (
        Invariant(
            "cmd-1",
            "If the map is narrower or inexact, there SHALL be some comments",
            lambda node: (
                has(node, "comment") or node.get("equivalence") not in ("narrower", "inexact")
            ),
            "comment",
        ),
    ),
    "ConceptMap.group.unmapped": (
        Invariant(
            "cmd-2",
            "If the mode is 'fixed', a code must be provided",
            lambda node: node.get("mode") != "fixed" or has(node, "code"),
            "code",
        ),
        Invariant(
            "cmd-3",
            "If the mode is 'other-map', a url must be provided",
            lambda node: node.get("mode") != "other-map" or has(node, "url"),
            "url",
        ),
    ),
    "ImplementationGuide": (
        Invariant(
            "ig-2",
            "If a resource has a fhirVersion, it must be oe of the versions defined for the "
            "Implementation Guide",
            _versions_known,
            "definition",
        ),
    ),
    "ImplementationGuide.definition": (
        Invariant(
            "ig-1",
            "If a resource has a groupingId, it must refer to a grouping defined in the "
            "Implementation Guide",
            _groups_known,
            "resource",
        ),
    ),
    "Measure": (
        Invariant(
            "mea-1",
            "Stratifier SHALL be either a single criteria or a set of criteria components",
            _stratifiers_are_one_thing,
            "group",
        ),
    ),
    "MeasureReport": (
        Invariant(
            "mrp-1",
            "Measure Reports used for data collection SHALL NOT communicate group and score "
            "information",
            never_when("group", "type", "data-collection"),
            "group",
        ),
        Invariant(
            "mrp-2",
            "Stratifiers SHALL be either a single criteria or a set of criteria components",
            _strata_are_one_thing,
            "group",
        ),
    ),
    "MessageDefinition.focus": (
        Invariant("md-1", "Max must be postive int or *", _has_a_maximum, "max"),
    ),
    "NamingSystem": (
        Invariant(
            "nsd-1",
            "Root systems cannot have uuid identifiers",
            lambda node: (
                node.get("kind") != "root"
                or all(item.get("type") != "uuid" for item in node.get("uniqueId", ()))
            ),
            "uniqueId",
        ),
        Invariant(
            "nsd-2",
            "Can't have more than one preferred identifier for a type",
            _preferred_differ,
            "uniqueId",
        ),
    ),
    "OperationDefinition.parameter": (
        Invariant("opd-1", "Either a type must be provided, or parts", any_of("type", "part")),
        Invariant(
            "opd-2",
            "A search type can only be specified for parameters of type string",
            only_when("searchType", "type", "string"),
            "searchType",
        ),
        Invariant(
            "opd-3",
            "A targetProfile can only be specified for parameters of type Reference or Canonical",
            only_when("targetProfile", "type", "Reference", "canonical"),
            "targetProfile",
        ),
    ),
    "Parameters.parameter": (
        Invariant(
            "inv-1",
            "A parameter must have one and only one of (value, resource, part)",
            _one_parameter,
        ),
    ),
    "Questionnaire": (
        Invariant(
            "que-2",
            "The link ids for groups and questions must be unique within the questionnaire",
            _link_ids_differ,
            "item",
        ),
    ),
    "Questionnaire.item": _QUESTIONNAIRE_ITEM,
    "Questionnaire.item.enableWhen": (
        Invariant(
            "que-7",
            "If the operator is 'exists', the value must be a boolean",
            lambda node: node.get("operator") != "exists" or has(node, "answerBoolean"),
            "answer",
        ),
    ),
    "QuestionnaireResponse.item": (
        Invariant(
            "qrs-1",
            "Nested item can't be beneath both item and answer",
            not_both("answer", "item"),
        ),
    ),
    "SearchParameter": (
        Invariant(
            "spd-1",
            "If an xpath is present, there SHALL be an xpathUsage",
            needs("xpath", "xpathUsage"),
            "xpathUsage",
        ),
        Invariant(
            "spd-2",
            "Search parameters can only have chain names when the search parameter type is "
            "'reference'",
            only_when("chain", "type", "reference"),
            "chain",
        ),
    ),
    "StructureMap.group.rule.target": (
        Invariant(
            "smp-1",
            "Can only have an element if you have a context",
            needs("element", "context"),
            "context",
        ),
        Invariant(
            "smp-2",
            "Must have a contextType if you have a context",
            needs("context", "contextType"),
            "contextType",
        ),
    ),
    "TerminologyCapabilities": _statement("tcp", keys=("2", "3", "4", "5")),
    "TerminologyCapabilities.codeSystem": (
        Invariant(
            "tcp-1",
            "If there is more than one version, a version code must be defined",
            lambda node: (
                count(node, "version") <= 1 or all(has(v, "code") for v in node["version"])
            ),
            "version",
        ),
    ),
}
