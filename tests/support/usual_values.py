"""A patient whom each model has an answer for, stated value by value."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from inference import folders
from inference.contract import InputSpec, ModelDefinition
from inference.features.stated import Stated, StatedFeatures
from inference.prediction import Answer
from inference.registry import LoadedModel, golden_cases
from inference.snapshot import PatientSnapshot, RecordList, Sourced
from tests.support.patients import CATALOGUE, NOW, predictor

_YESTERDAY = NOW - timedelta(days=1)
_NOBODY = RecordList((), complete=False)


def folder_of(model: LoadedModel) -> str:
    return next(n for n in folders.names() if folders.definition(n) is model.definition)


def usual(model: LoadedModel) -> dict[str, Stated]:
    """Return the first worked example that lies inside the model's own domain."""
    definition = model.definition
    for case in golden_cases(folders.path(folder_of(model)) / folders.GOLDEN):
        given = case["inputs"]
        known = [spec for spec in definition.inputs if spec.name in given]
        if all(spec.low <= given[spec.name] <= spec.high for spec in known):
            return {spec.name: stated(spec, given[spec.name]) for spec in known}
    raise AssertionError(f"{definition.id}: no worked example lies in its domain")


def stated(spec: InputSpec, value: float | Decimal, unit: str | None = None, **changes) -> Stated:
    return replace(Stated(Decimal(str(value)), unit or spec.unit, _YESTERDAY), **changes)


def fit(definition: ModelDefinition) -> dict[str, bool]:
    """Return that nothing excludes the patient."""
    return {exclusion.flag: False for exclusion in definition.exclusions}


def answer(model: LoadedModel, values: Mapping[str, Stated], **states: bool) -> Answer:
    snapshot = PatientSnapshot(Sourced({}, "stated"), (), _NOBODY, _NOBODY, NOW)
    features = StatedFeatures(snapshot, values, fit(model.definition) | states, CATALOGUE)
    return predictor().answer_stated(model, features)
