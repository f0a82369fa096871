"""Whether diabetes is on record and of which type; two types together decide nothing."""

from dataclasses import replace
from datetime import tzinfo
from typing import Final

from inference.contract import InputSpec, Text
from inference.features.feature import Absent, Feature
from inference.features.flags import from_conditions
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology import code_sets

# WHO 2011 (WHO/NMH/CHP/CPM/11.1), ADA Standards of Care, section 2: 6.5 % and above.
_DIABETIC_HBA1C: Final = 6.5
HBA1C: Final = InputSpec(
    "hba1c", "hba1c", Text("糖化血红蛋白", "Haemoglobin A1c"), "%", 0, 100, max_age_days=730
)
"""The HbA1c that is looked at where a problem list lacks diabetes."""


def diabetes(
    snapshot: PatientSnapshot, zone: tzinfo, *, hba1c: Feature | Absent
) -> Feature | Absent:
    """Return diabetes by its diagnosis; an HbA1c in its range beside a list without it is told."""
    found = from_conditions(
        "diabetes", code_sets.DIABETES, snapshot=snapshot, zone=zone, ever=False
    )
    if isinstance(found, Absent) or found.value or isinstance(hba1c, Absent):
        return found
    if hba1c.value < _DIABETIC_HBA1C:
        return found
    values = {"value": hba1c.reported, "source": hba1c.sources[0]}
    return replace(found, cautions=(*found.cautions, Reason("diabetic-range", values)))


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
