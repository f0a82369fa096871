"""Whether the diabetes on record is of type 2; two types recorded together decide nothing."""

from datetime import tzinfo

from inference.features.feature import Absent, Feature
from inference.features.flags import from_conditions
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology import code_sets


def type_2_diabetes(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
    """Return 1 where type 2 and not type 1 is recorded, 0 where a complete list holds neither."""
    name = "type_2_diabetes"
    found = from_conditions(
        name, code_sets.TYPE_2_DIABETES, snapshot=snapshot, zone=zone, ever=False
    )
    if isinstance(found, Absent) or not found.value:
        return found
    other = from_conditions(
        "type_1_diabetes", code_sets.TYPE_1_DIABETES, snapshot=snapshot, zone=zone, ever=False
    )
    if isinstance(other, Feature) and other.value:
        listed = ", ".join((*found.sources, *other.sources)[:3])
        return Absent(name, Reason("unconfirmed", {"sources": listed}))
    return found


def without_type_2_diabetes(type_2: Feature | Absent) -> Feature | Absent:
    """Return the opposite flag, by which a model for people with type 2 diabetes is withheld."""
    name = "without_type_2_diabetes"
    if isinstance(type_2, Absent):
        return Absent(name, type_2.reason)
    without = not type_2.value
    return Feature(
        name,
        float(without),
        "1",
        "yes" if without else "no",
        type_2.sources,
        cautions=type_2.cautions,
    )
