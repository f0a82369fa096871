"""A concept of a code system: what is said of one code."""

from typing import Any, Final

import msgspec

from fhir_server.r4.codec import JsonObject

# http://hl7.org/fhir/R4/codesystem-concept-properties.html
PROPERTIES: Final = "http://hl7.org/fhir/concept-properties#"
EXTENSIONS: Final = "http://hl7.org/fhir/StructureDefinition/"
# Of the values of `status` those in which a concept is used no more.
_ENDED: Final = frozenset(("retired", "inactive"))


# Extensions that say of a code what a property would, with the property that it is.
_SAID: Final = {
    "codesystem-conceptOrder": ("order", "valueDecimal"),
    "valueset-conceptOrder": ("order", "valueDecimal"),
    "codesystem-label": ("label", "valueString"),
    "valueset-label": ("label", "valueString"),
    "itemWeight": ("weight", "valueDecimal"),
    "structuredefinition-standards-status": ("status", "valueCode"),
}
# Extensions that belong to a code or a text wherever it is shown; others mean something where
# they stand, or to nobody here.
_SHOWN: Final = frozenset(
    f"{EXTENSIONS}{name}"
    for name in (
        "rendering-style",
        "rendering-xhtml",
        "valueset-concept-definition",
        "valueset-deprecated",
        "coding-sctdescid",
    )
)


class Designation(msgspec.Struct, frozen=True):
    """Another text for a concept; `language` is BCP 47 or "", `use` a Coding.

    `source` is the supplement that adds it, None for the code system's own; `extensions` are those
    that go with it wherever it is shown.
    """

    value: str
    language: str = ""
    use: JsonObject | None = None
    source: str | None = None
    extensions: tuple[JsonObject, ...] = ()


class Property(msgspec.Struct, frozen=True):
    """One value of a property: `kind` is the name under which FHIR writes it (`valueCode`)."""

    code: str
    kind: str
    value: Any
    source: str | None = None


class Concept(msgspec.Struct, frozen=True):
    """One code with all that its code system says; `parents` and `children` are codes.

    `status` is that of its property, "" without; `is_abstract` is "not selectable"; `said` are
    properties that extensions stand for, `extensions` those that go with it wherever it is shown.
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
    extensions: tuple[JsonObject, ...] = ()
    said: tuple[Property, ...] = ()


def shown_extensions(element: JsonObject, *more: str) -> tuple[JsonObject, ...]:
    """Return the extensions of a concept or designation that go with it wherever it is shown."""
    wanted = _SHOWN.union(f"{EXTENSIONS}{name}" for name in more)
    return tuple(each for each in element.get("extension", ()) if each.get("url") in wanted)


def said_by_extensions(element: JsonObject, source: str | None = None) -> tuple[Property, ...]:
    """Return the properties that extensions of a concept stand for."""
    found = []
    for each in element.get("extension", ()):
        url = str(each.get("url", ""))
        known = _SAID.get(url.removeprefix(EXTENSIONS)) if url.startswith(EXTENSIONS) else None
        value = next((v for name, v in each.items() if name.startswith("value")), None)
        if known is not None and value is not None:
            found.append(Property(*known, value, source))
    return tuple(found)


def properties_of(concept: JsonObject, source: str | None = None) -> tuple[Property, ...]:
    """Return the properties of a CodeSystem.concept."""
    return tuple(
        Property(each["code"], kind, value, source)
        for each in concept.get("property", ())
        for kind, value in each.items()
        if kind.startswith("value") and "code" in each
    )


def designations_of(concept: JsonObject, source: str | None = None) -> tuple[Designation, ...]:
    """Return the designations of a CodeSystem.concept."""
    return tuple(
        Designation(
            each["value"],
            each.get("language", ""),
            each.get("use"),
            source,
            shown_extensions(each, "structuredefinition-standards-status"),
        )
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
        each["code"]: each.get("uri", "") for each in resource.get("property", ()) if "code" in each
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
