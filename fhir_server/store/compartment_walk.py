"""Which resources are in patients' compartments: by the index, and by a body alone.

Source: http://hl7.org/fhir/R4/compartmentdefinition-patient.html.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from itertools import islice

from sqlalchemy import Connection, Select, bindparam, or_, select

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.compartments import patient_parameters
from fhir_server.r4.search_parameters import index_values
from fhir_server.r4.search_table import parameters_of
from fhir_server.r4.search_values import ReferenceValue
from fhir_server.store import interning
from fhir_server.store.statements import Prepared, SqlValue, in_list, position
from fhir_server.store.tables import key_text, table

_REFERENCE = table("reference_index")
_RESOURCE = table("resource")

# As many patients are asked for at once.
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Compartments:
    """The compartments of `patients`, None: of every patient of this server.

    `base_url` is this server's: a reference may name a patient by an absolute URL below it.
    """

    patients: frozenset[str] | None
    base_url: str

    def hold(self, resource: JsonObject, zone: tzinfo) -> bool:
        """Return whether a resource, as this body has it, is in one of them."""
        found = patients_of(resource, zone=zone, base_url=self.base_url)
        return bool(found) if self.patients is None else not found.isdisjoint(self.patients)


def patients_of(resource: JsonObject, *, zone: tzinfo, base_url: str) -> frozenset[str]:
    """Return the ids of the patients of this server in whose compartments a resource is."""
    type = resource["resourceType"]
    names = _indexed_names(type)
    found = {
        value.id
        for value in index_values(resource, default_zone=zone, base_url=base_url)
        if isinstance(value, ReferenceValue) and value.type == "Patient" and value.param in names
    }
    if type == "Patient":
        found.add(resource["id"])
    return frozenset(id for id in found if id is not None)


def has_compartment(type: str) -> bool:
    """Return whether resources of `type` can be in a patient's compartment."""
    return type == "Patient" or bool(patient_parameters(type))


@cache
def _indexed_names(type: str) -> frozenset[str]:
    """Return the parameters with rows of their own: `patient` is answered by `subject`."""
    names: set[str] = set()
    left = list(patient_parameters(type))
    while left:
        parameter = parameters_of(type)[left.pop()]
        names |= {parameter.name} if parameter.paths else set()
        left += [use.name for use in parameter.union_of]
    return frozenset(names)


def _rows() -> Select[tuple[int]]:
    return (
        select(_REFERENCE.c.rid)
        .where(in_list(_REFERENCE.c.param, bindparam("params")))
        .where(_REFERENCE.c.type == "Patient")
    )


_OF_EVERY = Prepared(
    _rows()
    .where(
        or_(
            position(_REFERENCE.c.target, bindparam("colon")) == 0,
            position(_REFERENCE.c.target, bindparam("base")) == 1,
        )
    )
    .distinct()
)
_OF_SOME = Prepared(_rows().where(in_list(_REFERENCE.c.target, bindparam("targets"))).distinct())
_PATIENTS = Prepared(
    select(_RESOURCE.c.rid)
    .where(_RESOURCE.c.type == "Patient")
    .where(_RESOURCE.c.deleted == 0)
    .where(in_list(_RESOURCE.c.id, bindparam("ids")))
)
_EVERY_PATIENT = Prepared(
    select(_RESOURCE.c.rid).where(_RESOURCE.c.type == "Patient").where(_RESOURCE.c.deleted == 0)
)


def rids(connection: Connection, type: str, wanted: Compartments) -> Iterator[int]:
    """Yield the row numbers of the live resources of `type` in the compartments; some twice."""
    numbers = interning.parameter_ids(connection, type)
    params = json.dumps([numbers[name] for name in sorted(_indexed_names(type))])
    if wanted.patients is None:
        if type == "Patient":
            yield from _first(_EVERY_PATIENT, connection, {})
            return
        values: dict[str, SqlValue] = {
            "params": params,
            "colon": ":",
            "base": f"{wanted.base_url}/Patient/",
        }
        yield from _first(_OF_EVERY, connection, values)
        return
    patients = iter(sorted(wanted.patients))
    while ids := list(islice(patients, _TOGETHER)):
        if type == "Patient":
            yield from _first(_PATIENTS, connection, {"ids": json.dumps(ids)})
        targets = json.dumps(_targets(ids, wanted.base_url))
        yield from _first(_OF_SOME, connection, {"params": params, "targets": targets})


def _targets(ids: Sequence[str], base_url: str) -> list[str]:
    return [*ids, *(key_text(f"{base_url}/Patient/{id}") for id in ids)]


def _first(
    statement: Prepared, connection: Connection, values: dict[str, SqlValue]
) -> Iterator[int]:
    for row in statement.run_named(connection, values):
        yield row[0]
