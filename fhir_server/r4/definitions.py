"""R4 4.0.1's own structures: the committed table, read once at first use.

`scripts/build_r4_definitions.py` writes the table from HL7's published definitions.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec


class Element(msgspec.Struct, array_like=True, frozen=True):
    """One child of a structure.

    `name` ends in `[x]` for a choice; then each of `types` is one JSON key. A type is a
    datatype, a nested structure's path (`Observation.component`) or `Resource`. `targets` are
    the resource types that a Reference may name (None: any); `binding` is the value set of a
    required binding. `summary` and `modifier` are R4's isSummary and isModifier.
    """

    name: str
    min: int
    many: bool
    types: tuple[str, ...]
    targets: tuple[str, ...] | None
    binding: str | None
    summary: bool
    modifier: bool


class _Table(msgspec.Struct, frozen=True, rename="camel"):
    fhir_version: str
    resources: tuple[str, ...]
    profiled: dict[str, str]
    value_sets: dict[str, dict[str, frozenset[str]]]
    structures: dict[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The structures by name, the codes of required bindings by value set and system."""

    fhir_version: str
    resource_types: frozenset[str]
    value_sets: Mapping[str, Mapping[str, frozenset[str]]]
    _rows: Mapping[str, msgspec.Raw]
    _profiled: Mapping[str, str]

    @property
    def names(self) -> frozenset[str]:
        """The names of all structures: resource types, datatypes and nested paths."""
        return frozenset(self._rows)

    def elements(self, structure: str) -> tuple[Element, ...]:
        """Return the children of `structure`, inherited ones first; KeyError for no structure."""
        return _ELEMENTS.decode(self._rows[structure])

    def json_names(self, element: Element) -> Mapping[str, str]:
        """Return JSON key -> type of `element`: one, or one for each type of a choice."""
        if not element.name.endswith("[x]"):
            return {element.name: element.types[0]}
        stem = element.name.removesuffix("[x]")
        return {stem + _capitalised(self._profiled.get(t, t)): t for t in element.types}


_ELEMENTS = msgspec.json.Decoder(tuple[Element, ...], strict=False)


def _capitalised(type_name: str) -> str:
    return type_name[0].upper() + type_name[1:]


@cache
def definitions() -> Definitions:
    """Return the R4 definitions; the first call reads 45 kB and takes a few milliseconds."""
    packed = files("fhir_server.r4").joinpath("data/r4_structures.json.gz").read_bytes()
    table = msgspec.json.decode(gzip.decompress(packed), type=_Table)
    return Definitions(
        fhir_version=table.fhir_version,
        resource_types=frozenset(table.resources),
        value_sets=table.value_sets,
        _rows=table.structures,
        _profiled=table.profiled,
    )
