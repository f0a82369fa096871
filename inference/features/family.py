"""Family history: diseases of relatives, with the relationship and the age at onset as stated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inference.features.feature import Absent, Feature
from inference.features.flags import codings_of, condition_bearing, is_called_uncertain
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot, Sourced
from terminology.code_relations import CodeRelations
from terminology.code_set import CodeSet
from terminology.codings import UCUM, Coding
from terminology.relatives import Kinship, kinship

_STATED: Final = ("partial", "completed")
# Of grandchildren and great-grandparents no model asks.
_SAY_NOTHING: Final = ("more-distant", "not-by-blood")


@dataclass(frozen=True, slots=True)
class FamilyDisease:
    """A disease of relatives: its own codes, and what the patient's own Conditions may say of it.

    `coded` are the patient's codes that name a family history; `denial` is the statement that
    there is none, which no list of relatives, however long, proves.
    """

    disease: CodeSet
    coded: CodeSet
    denial: Coding


@dataclass(frozen=True, slots=True)
class Affected:
    """A relative with the disease: the kinship, its code, and the age in years at onset."""

    entry: Sourced
    kinship: Kinship
    code: str
    onset: str | None

    @property
    def said(self) -> str:
        """The relationship's code, with the age at onset where it is known."""
        return f"{self.code} {self.onset} a" if self.onset else self.code

    @property
    def degree(self) -> int:
        """1 for a parent, a sibling or a child, 2 for the others."""
        return 2 if self.kinship == "second-degree" else 1


@dataclass(frozen=True, slots=True)
class FamilyHistory:
    """What the record says of a disease in the family; `doubtful` leaves open whose or what."""

    affected: tuple[Affected, ...]
    doubtful: tuple[Sourced, ...]
    denied: tuple[Sourced, ...]


def family_history(wanted: FamilyDisease, snapshot: PatientSnapshot) -> FamilyHistory:
    """Return the relatives with a disease, and the entries that leave open whether they have it."""
    affected: list[Affected] = []
    doubtful: list[Sourced] = []
    for entry in snapshot.family.entries:
        history = entry.resource
        if history.get("resourceType") != "FamilyMemberHistory":
            continue
        if history.get("status") not in _STATED:
            continue
        related = kinship(codings_of(history.get("relationship"))[0])
        found = list(_with(history, wanted.disease, snapshot.relations))
        if not found or (related is not None and related[0] in _SAY_NOTHING):
            continue
        onsets = [onset for sure, onset in found if sure]
        if related is None or not onsets or history.get("modifierExtension"):
            doubtful.append(entry)
        else:
            affected.append(Affected(entry, *related, onset=next(filter(None, onsets), None)))
    denied = tuple(e for e in snapshot.conditions.entries if _denies(e, wanted.denial))
    return FamilyHistory(tuple(affected), tuple(doubtful), denied)


def in_parents_or_siblings(
    name: str, wanted: FamilyDisease, *, coded: Feature | Absent, snapshot: PatientSnapshot
) -> Feature | Absent:
    """Return 1 by a coded family history or a parent's or sibling's disease, 0 by a denial.

    `coded` is what the patient's own Conditions say. Where the record says neither, it is not
    known: nothing in it proves absence. A relative whose relationship no code tells, or whose
    disease no code confirms, is unconfirmed; a more distant one says nothing.
    """
    history = family_history(wanted, snapshot)
    close = [each for each in history.affected if each.kinship == "parent-or-sibling"]
    sources = coded.sources if isinstance(coded, Feature) and coded.value else ()
    sources += tuple(each.entry.reference for each in close)
    if sources and history.denied:
        return Absent(name, _conflict(sources[0], history.denied[0]))
    if sources:
        said = "; ".join(each.said for each in close) or "yes"
        return Feature(name, 1.0, "1", said, sources)
    if isinstance(coded, Absent) and coded.reason.code == "unconfirmed":
        return coded
    if history.doubtful:
        return Absent(name, _unconfirmed(history.doubtful))
    if history.denied:
        return Feature(name, 0.0, "1", "no", tuple(each.reference for each in history.denied))
    return Absent(name, Reason("family-history-not-known"))


def closest_degree(
    name: str, wanted: FamilyDisease, *, snapshot: PatientSnapshot
) -> Feature | Absent:
    """Return 2 for a first-degree relative with the disease, 1 for a second-degree one.

    0 stands for a denial. A doubtful relative leaves open only what would be closer than the one
    that is sure.
    """
    history = family_history(wanted, snapshot)
    closest = min(history.affected, key=lambda each: each.degree, default=None)
    if closest is not None and history.denied:
        return Absent(name, _conflict(closest.entry.reference, history.denied[0]))
    if closest is not None and (closest.degree == 1 or not history.doubtful):
        same = [each for each in history.affected if each.degree == closest.degree]
        sources = tuple(each.entry.reference for each in same)
        said = "; ".join(each.said for each in same)
        return Feature(name, 3.0 - closest.degree, "{degree}", said, sources)
    if history.doubtful:
        return Absent(name, _unconfirmed(history.doubtful))
    if history.denied:
        sources = tuple(each.reference for each in history.denied)
        return Feature(name, 0.0, "{degree}", "no", sources)
    return Absent(name, Reason("family-history-not-known"))


def _conflict(source: str, denied: Sourced) -> Reason:
    return Reason("records-conflict", {"first": source, "second": denied.reference})


def _unconfirmed(entries: tuple[Sourced, ...]) -> Reason:
    return Reason("unconfirmed", {"sources": ", ".join(each.reference for each in entries[:3])})


def _with(
    history: Mapping[str, Any], disease: CodeSet, relations: CodeRelations
) -> Iterator[tuple[bool, str | None]]:
    """Yield for each condition that is or may be the disease: whether it is, and the onset."""
    stated = history.get("condition")
    for condition in stated if isinstance(stated, list) else ():
        verdict = disease.verdict(*codings_of(condition.get("code")), relations)
        if verdict != "not-member":
            doubtful = condition.get("modifierExtension") or is_called_uncertain(
                condition.get("code")
            )
            sure = verdict == "member" and not doubtful
            yield sure, _onset(condition.get("onsetAge"))


def _onset(age: Any) -> str | None:
    if not isinstance(age, dict) or age.get("comparator") or "value" not in age:
        return None
    in_years = age.get("code") == "a" and age.get("system") == UCUM
    return f"{float(age['value']):g}" if in_years else None


def _denies(entry: Sourced, denial: Coding) -> bool:
    codings, _ = codings_of(entry.resource.get("code"))
    named = any((each.system, each.code) == (denial.system, denial.code) for each in codings)
    # Its own words deny, and take nothing back ("否认心血管病家族史").
    wordless = {name: part for name, part in entry.resource.items() if name != "code"}
    return named and condition_bearing(wordless, ever=False) == "counts"
