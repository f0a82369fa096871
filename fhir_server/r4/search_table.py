"""R4 4.0.1's own search parameters: the committed table, of which a type's rows are read once.

`scripts/build_r4_search.py` writes the table from HL7's SearchParameters and compiles their
FHIRPath expressions, so that nothing here parses FHIRPath.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

SearchType: TypeAlias = Literal[
    "token", "string", "date", "reference", "number", "quantity", "uri", "composite", "special"
]


@dataclass(frozen=True, slots=True)
class Step:
    """One JSON name of a path; `where` (name, value) and `first` keep some of its elements."""

    name: str
    where: tuple[str, str] | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class SearchPath:
    """Where elements of one datatype stand, in JSON names (`valueQuantity`) from the resource down.

    In a composite's component the path begins at the context, unless `of_resource`. `targets`
    is the official restriction `where(resolve() is Patient)`; `system` is the one that the
    required binding of a bare code implies. `any_of` stands in place of `steps` and is a boolean:
    whether one of these elements is there and is not false (Patient.deceased).
    """

    type: str
    steps: tuple[Step, ...] = ()
    targets: tuple[str, ...] = ()
    system: str | None = None
    of_resource: bool = False
    any_of: tuple[str, ...] = ()

    @property
    def dotted(self) -> str:
        """The path as text, without its filters: `component.valueQuantity`."""
        return ".".join(step.name for step in self.steps)


@dataclass(frozen=True, slots=True)
class ParameterUse:
    """A parameter that answers for another; `types` restricts a reference's target."""

    name: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter of one resource type; `definition` is the canonical of the official one.

    Exactly one of these says where its answers come from: `paths` (rows of its own),
    `union_of` (other parameters' rows), `all_of` (a composite on a context that does not repeat:
    all these, in component order). A composite with rows of its own has its contexts in `paths`
    (a context without steps is the resource) and a parameter per component, whose paths begin at
    the context. None of them: the parameter has no rows (`_id`, `_text`, `near`, `phonetic`).
    `targets` are the official target types of a reference ((): any); `code_system` is the
    system that all its bare codes imply: `gender=http://hl7.org/fhir/administrative-gender|female`.
    """

    name: str
    type: SearchType
    definition: str
    paths: tuple[SearchPath, ...] = ()
    targets: tuple[str, ...] = ()
    code_system: str | None = None
    union_of: tuple[ParameterUse, ...] = ()
    all_of: tuple[str, ...] = ()
    components: tuple["SearchParameter", ...] = ()


class _Table(msgspec.Struct, frozen=True, rename="camel"):
    fhir_version: str
    common: msgspec.Raw
    types: dict[str, msgspec.Raw]
    patient_compartment: dict[str, tuple[str, ...]]


_ROWS = msgspec.json.Decoder(tuple[SearchParameter, ...])


@cache
def _table() -> _Table:
    packed = files("fhir_server.r4").joinpath("data/r4_search.json.gz").read_bytes()
    return msgspec.json.decode(gzip.decompress(packed), type=_Table)


@cache
def common_parameters() -> Mapping[str, SearchParameter]:
    """Return the parameters of every type (`_id`, `_tag`), by name."""
    return MappingProxyType({row.name: row for row in _ROWS.decode(_table().common)})


@cache
def parameters_of(type: str) -> Mapping[str, SearchParameter]:
    """Return the parameters of a resource type by name, the common ones first.

    The first call for a type decodes its rows only. KeyError where R4 has no such type.
    """
    own = {row.name: row for row in _ROWS.decode(_table().types[type])}
    return MappingProxyType({**common_parameters(), **own})


def indexed_names(type: str) -> tuple[str, ...]:
    """Return the names under which a resource of this type can have index rows.

    A reference has a second one, `subject:identifier`, for its logical form.
    """
    names: list[str] = []
    for parameter in parameters_of(type).values():
        if parameter.paths:
            names.append(parameter.name)
            if any(path.type == "Reference" for path in parameter.paths):
                names.append(parameter.name + ":identifier")
    return tuple(names)


def patient_compartment() -> Mapping[str, tuple[str, ...]]:
    """Return the official Patient compartment: type -> reference parameters that place it."""
    return _table().patient_compartment
