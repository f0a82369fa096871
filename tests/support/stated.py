"""People whose values are stated one by one, as a caller of a model states them."""

from decimal import Decimal

from inference.contract import ModelDefinition
from inference.features.stated import Stated, StatedFeatures
from inference.snapshot import PatientSnapshot, RecordList, Sourced
from tests.support.patients import CATALOGUE, NOW


def stated(model: ModelDefinition, values: dict[str, float], **states: bool) -> StatedFeatures:
    """Return the features; `values` are by input's name, in the model's own units.

    A value that is left out is a gap; no exclusion is present unless a state says so.
    """
    nothing = RecordList((), complete=False)
    units = {spec.name: spec.unit for spec in model.inputs}
    return StatedFeatures(
        PatientSnapshot(Sourced({}, "stated"), (), nothing, nothing, NOW),
        {n: Stated(Decimal(repr(float(v))), units[n], NOW) for n, v in values.items()},
        {exclusion.flag: False for exclusion in model.exclusions} | states,
        CATALOGUE,
    )
