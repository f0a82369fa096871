"""A concept of a code system: what is said of one code."""

from typing import Any, Final

import msgspec

from fhir_server.r4.codec import JsonObject

# http://hl7.org/fhir/R4/codesystem-concept-properties.html
PROPERTIES: Final = "http://hl7.org/fhir/concept-properties#"
# Of the values of `status` those in which a concept is used no more.
_ENDED: Final = frozenset(("retired", "inactive"))


class Designation(msgspec.Struct, frozen=True):
    """Another text for a concept; `language` is BCP 47 or "", `use` a Coding.

    `source` is the supplement that adds it, None for the code system's own.
    """

    value: str
    language: str = ""
    use: JsonObject | None = None
    source: str | None = None


class Property(msgspec.Struct, frozen=True):
    """One value of a property: `kind` is the name under which FHIR writes it (`valueCode`)."""

    code: str
    kind: str
    value: Any
    source: str | None = None


class Concept(msgspec.Struct, frozen=True):
    """One code with all that its code system says; `parents` and `children` are codes.

    `status` is that of its property, "" without; `is_abstract` is "not selectable".
    """

    code: str
    display: str = ""
    definition: str = ""
    designations: tuple[Designation, ...] = ()
    properties: tuple[Property, ...] = ()
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    status: str = ""
    is_inactive: bool = False
    is_abstract: bool = False


def properties_of(concept: JsonObject, source: str | None = None) -> tuple[Property, ...]:
    """Return the properties of a CodeSystem.concept."""
    return tuple(
        Property(each["code"], kind, value, source)
        for each in concept.get("property", ())
        for kind, value in each.items()
        if kind.startswith("value")
    )


def designations_of(concept: JsonObject, source: str | None = None) -> tuple[Designation, ...]:
    """Return the designations of a CodeSystem.concept."""
    return tuple(
        Designation(each["value"], each.get("language", ""), each.get("use"), source)
        for each in concept.get("designation", ())
        if "value" in each
    )


def status_of(properties: tuple[Property, ...], names: "Names") -> tuple[str, bool, bool]:
    """Return status, whether inactive and whether abstract, as the properties say."""
    status, inactive, abstract = "", False, False
    for each in properties:
        if each.code in names.status:
            status = str(each.value)
        elif each.code in names.inactive:
            inactive = each.value is True
        elif each.code in names.not_selectable:
            abstract = each.value is True
    return status, inactive or status in _ENDED, abstract


class Names(msgspec.Struct, frozen=True):
    """Under which codes a code system has the properties that FHIR knows."""

    status: frozenset[str]
    inactive: frozenset[str]
    not_selectable: frozenset[str]
    parent: frozenset[str]
    child: frozenset[str]


def names_of(resource: JsonObject) -> Names:
    """Return them: by the uri of the declared properties, else by FHIR's own codes."""
    declared: dict[str, str] = {
        each["code"]: each.get("uri", "") for each in resource.get("property", ())
    }

    def named(name: str) -> frozenset[str]:
        uri = PROPERTIES + name
        found = {code for code, told in declared.items() if told == uri}
        if declared.get(name, uri) in ("", uri):
            found.add(name)
        return frozenset(found)

    return Names(
        status=named("status"),
        inactive=named("inactive"),
        not_selectable=named("notSelectable"),
        parent=named("parent"),
        child=named("child"),
    )
