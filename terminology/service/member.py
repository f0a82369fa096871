"""A code of a value set."""

from typing import TypeAlias

import msgspec

from fhir_server.r4.codec import JsonObject
from terminology.service.cautions import is_deprecated_entry
from terminology.service.code_system import CodeSystem
from terminology.service.concept import (
    Concept,
    Designation,
    Property,
    designations_of,
    said_by_extensions,
    shown_extensions,
)

_STATUS = "structuredefinition-standards-status"
# System, version and code.
Key: TypeAlias = tuple[str, str, str]


class Member(msgspec.Struct, frozen=True):
    """A code of a value set, with the display and designations that the value set gives it.

    `is_listed`: it is named there, and not selected by what it is; `marks`: the
    extensions that go with it, `is_deprecated`: one says that it is to be used no more;
    `properties` are those that the value set gives it.
    """

    system: CodeSystem
    concept: Concept
    display: str = ""
    designations: tuple[Designation, ...] = ()
    is_listed: bool = False
    marks: tuple[JsonObject, ...] = ()
    is_deprecated: bool = False
    properties: tuple[Property, ...] = ()

    @property
    def key(self) -> Key:
        """System, version and code."""
        return self.system.url, self.system.version, self.concept.code


def listed(system: CodeSystem, concept: Concept, entry: JsonObject) -> Member:
    """Return the member that a value set names one by one, with what it says of it."""
    return Member(
        system,
        concept,
        entry.get("display", ""),
        designations_of(entry),
        is_listed=True,
        marks=shown_extensions(entry, _STATUS),
        is_deprecated=is_deprecated_entry(entry),
        properties=_given(entry),
    )


def _given(entry: JsonObject) -> tuple[Property, ...]:
    # That a code is deprecated in a value set is no status of the code itself.
    return tuple(each for each in said_by_extensions(entry) if each.code != "status")
