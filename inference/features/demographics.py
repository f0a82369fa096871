"""Sex, age and residence from the Patient resource."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from inference.features.dates import days, whole_years
from inference.features.feature import Absent, Feature
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.regions import find_province

URBAN_EXTENSION = "https://attending.org/fhir/StructureDefinition/lives-in-city"
DEPRIVATION_EXTENSION = "https://attending.org/fhir/StructureDefinition/social-deprivation-decile"
_UNITED_STATES = ("US", "USA")  # ISO 3166, as FHIR R4 wants Address.country coded


def male(snapshot: PatientSnapshot) -> Feature | Absent:
    """Return 1 for male and 0 for female; any other gender is not guessed at."""
    gender = snapshot.patient.resource.get("gender")
    if gender not in ("male", "female"):
        return Absent("male", Reason("sex-not-stated"))
    value = 1.0 if gender == "male" else 0.0
    return Feature("male", value, "1", str(gender), (snapshot.patient.reference,))


def age(snapshot: PatientSnapshot, *, zone: tzinfo) -> Feature | Absent:
    """Return completed years at the time of the snapshot, from a full date of birth."""
    text = snapshot.patient.resource.get("birthDate")
    if not text:
        return Absent("age", Reason("birth-date-missing"))
    try:
        born = date.fromisoformat(text)
    except (TypeError, ValueError):
        return Absent("age", Reason("birth-date-not-exact"))
    today = snapshot.taken_at.astimezone(zone).date()
    if born > today:
        return Absent("age", Reason("birth-date-in-future"))
    years = whole_years(born, today)
    return Feature("age", float(years), "a", str(years), (snapshot.patient.reference,))


def lives_north_of_yangtze(snapshot: PatientSnapshot) -> Feature | Absent:
    """Return 1 or 0 by the province of the home address, as China-PAR asks for it."""
    name = "lives_north_of_yangtze"
    sides = set()
    provinces = []
    for address in _home_addresses(snapshot):
        province = find_province(str(address.get("state", "")))
        if province is not None:
            provinces.append(province.name_zh)
            sides.add(province.side)
    if len(sides) != 1 or None in sides:
        return Absent(name, Reason("province-does-not-decide" if provinces else "province-unknown"))
    value = 1.0 if sides == {"north"} else 0.0
    return Feature(name, value, "1", provinces[0], (snapshot.patient.reference,))


def lives_in_city(snapshot: PatientSnapshot) -> Feature | Absent:
    """Return 1 or 0 as the Patient's extension for urban residence states it."""
    stated = {
        bool(extension["valueBoolean"])
        for extension in snapshot.patient.resource.get("extension", ())
        if extension.get("url") == URBAN_EXTENSION and "valueBoolean" in extension
    }
    if len(stated) != 1:
        return Absent("lives_in_city", Reason("residence-unknown"))
    urban, source = stated.pop(), (snapshot.patient.reference,)
    return Feature("lives_in_city", float(urban), "1", str(urban).lower(), source)


def social_deprivation_decile(snapshot: PatientSnapshot) -> Feature | Absent:
    """Return the decile 1-10 of the Social Deprivation Index, as the Patient's extension states it.

    The index is one of areas of the United States (Robert Graham Center): a home elsewhere has
    none. Its table by zip code is not in this product, so nothing is looked up.
    """
    name = "social_deprivation_decile"
    homes = [a for a in _current_addresses(snapshot) if a.get("country")]
    if any(str(a["country"]).strip().upper() not in _UNITED_STATES for a in homes):
        return Absent(name, Reason("deprivation-outside-us"))
    deciles = {
        extension["valueInteger"]
        for extension in snapshot.patient.resource.get("extension", ())
        if extension.get("url") == DEPRIVATION_EXTENSION and "valueInteger" in extension
    }
    if len(deciles) != 1:
        return Absent(name, Reason("deprivation-not-stated"))
    value = int(deciles.pop())
    source = (snapshot.patient.reference,)
    return Feature(name, float(value), "{decile}", f"{value} {{decile}}", source)


def _home_addresses(snapshot: PatientSnapshot) -> list[dict[str, Any]]:
    return [a for a in _current_addresses(snapshot) if a.get("state")]


def _current_addresses(snapshot: PatientSnapshot) -> list[dict[str, Any]]:
    addresses = snapshot.patient.resource.get("address", ())
    homes = [a for a in addresses if a.get("use") not in ("old", "billing", "work", "temp")]
    return [a for a in homes if not _is_left(a.get("period"), snapshot.taken_at)]


def _is_left(period: Any, at: datetime) -> bool:
    """Whether an address is one from which the patient has moved, by a day at least."""
    until = days(period.get("end"), UTC) if isinstance(period, dict) else None
    return until is not None and until[1] < at.date() - timedelta(days=1)
