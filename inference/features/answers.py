"""The newest answers to a question, from Observations and their components."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any, Final

from inference.features.quantities import CLOCK_TOLERANCE
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot, Sourced
from terminology.measurement import effective_time

Asked = Collection[tuple[str, str]]
Given = tuple[Sourced, Mapping[str, Any]]

_REPORTED: Final = ("final", "amended", "corrected", "preliminary")
_WITHDRAWN: Final = ("entered-in-error", "cancelled")


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of the newest moment that has one, each with the part that carries it.

    `cautions` name answers that may be newer and were set aside or could not be placed in time.
    """

    when: datetime
    given: tuple[Given, ...]
    cautions: tuple[Reason, ...]


def newest_answers(asked: Asked, *, snapshot: PatientSnapshot, zone: tzinfo) -> Answers | None:
    """Return the newest answers about the patient; one withdrawn at its source withdraws copies.

    `asked` are the question's codes, each with its system. None where there is no answer with a
    time that is not in the future.
    """
    codes = tuple(asked)
    timed: list[tuple[datetime, list[Given]]] = []
    cautions: list[Reason] = []
    for entry in snapshot.observations:
        given = [(entry, part) for part in _parts(entry.resource) if _asks(part, codes)]
        if not given or entry.resource.get("focus"):
            continue  # a focus: of somebody else, such as the mother of a newborn
        when = effective_time(entry.resource, zone=zone)
        if when is not None and when <= snapshot.taken_at + CLOCK_TOLERANCE:
            timed.append((when, given))
        elif entry.resource.get("status") in _REPORTED:
            cautions.append(_unplaced(entry, when))
    timed.sort(key=lambda each: each[0], reverse=True)
    for when, same_moment in groupby(timed, key=lambda each: each[0]):
        found = [each for _, given in same_moment for each in given]
        reported = [each for each in found if each[0].resource.get("status") in _REPORTED]
        if any(entry.resource.get("status") in _WITHDRAWN for entry, _ in found):
            # It may be a copy of what was withdrawn, or what replaces it: a person has to see it.
            cautions += [_newer(entry, "withdrawn-copy") for entry, _ in reported]
            continue
        if reported:
            return Answers(when, tuple(reported), tuple(cautions))
    return None


def is_plain(given: Given) -> bool:
    """Whether nothing changes the meaning of an answer in a way that is not known here."""
    entry, part = given
    return not (entry.resource.get("modifierExtension") or part.get("modifierExtension"))


def _asks(part: Mapping[str, Any], codes: tuple[tuple[str, str], ...]) -> bool:
    # On plain dictionaries: a record holds hundreds of Observations, and few are answers.
    codings = part["code"].get("coding")
    for each in codings if isinstance(codings, list) else ():
        if isinstance(each, dict) and (each.get("system"), each.get("code")) in codes:
            return True
    return False


def _unplaced(entry: Sourced, when: datetime | None) -> Reason:
    if when is not None:
        return Reason("value-in-future", {"source": entry.reference})
    return _newer(entry, "no-effective-time")


def _newer(entry: Sourced, why: str) -> Reason:
    return Reason("newer-unusable", {"source": entry.reference, "why": why})


def _parts(observation: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    components = observation.get("component")
    parts = [observation, *components] if isinstance(components, list) else [observation]
    return [part for part in parts if isinstance(part, dict) and isinstance(part.get("code"), dict)]
