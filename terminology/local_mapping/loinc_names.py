"""LOINC's long common names taken apart into the six axes."""

import re
from typing import Final

from terminology.local_mapping.candidates import Candidate
from terminology.local_mapping.names import read_name
from terminology.local_mapping.properties import of_brackets, scale_of
from terminology.local_mapping.specimens import system_code

_BRACKETS: Final = re.compile(r"^(?P<component>.+?) ?\[(?P<property>[^\]]+)\](?P<rest>.*)$")
_PLACE: Final = re.compile(r"^(?P<component>.*?) (?:in|of|from|for) (?P<rest>(?:(?! in | of ).)+)$")
_METHOD: Final = re.compile(r"^(?P<rest>.*?) ?\bby (?P<method>.+)$")
# "X/100 leukocytes" and "X/Y.total" are the fraction that X is of a whole.
_WHOLE: Final = re.compile(r"^(?P<part>.+?)/(?:100 .+|[^/]+\.total)$")
_RELATIVE: Final = re.compile(r"^(?P<part>.+?) actual/(?:normal|\?normal)\b.*$", re.IGNORECASE)
_TIMES: Final = {"24 hour": "24H", "unspecified time": "XXX"}
_BY_COMPONENT: Final = {
    "ph": "LsCnc",
    "osmolality": "Osmol",
    "appearance": "Aper",
    "color": "Color",
}


def parse(code: str, name: str, *, others: tuple[str, ...] = (), rank: int = 0) -> Candidate:
    """Return a code's axes as far as its long common name tells them; the rest is ""."""
    text, method = _without_method(" ".join(name.split()))
    component, bracketed, place = _parts(text)
    property = of_brackets(bracketed)
    component, fraction = _fraction(component)
    property = property or fraction or _BY_COMPONENT.get(component.lower(), "")
    place, _, challenge = place.partition("--")
    system, time = _system(place)
    return Candidate(
        code=code,
        names=(name, *others),
        component=f"{component} {challenge.strip()}".strip(),
        property=property,
        time=time,
        system=system,
        scale=scale_of(property),
        method=method,
        rank=rank,
    )


def method_code(text: str) -> str:
    """Return the canonical method of LOINC's spelling; an unlisted one stays as it is spelled."""
    if not text:
        return ""
    found = sorted(read_name(text).methods)
    return found[0] if len(found) == 1 else " ".join(text.lower().split())


def _without_method(name: str) -> tuple[str, str]:
    match = _METHOD.match(name)
    if match is None:
        return name, ""
    return match["rest"], method_code(match["method"])


def _parts(text: str) -> tuple[str, str, str]:
    """Return component, property in brackets and the rest of a name without its method."""
    match = _BRACKETS.match(text)
    if match is not None:
        rest = re.sub(r"^(?:\s*\([^)]*\))?\s*(?:in|of|from)\s+", "", match["rest"])
        return match["component"], match["property"], rest.strip()
    match = _PLACE.match(text)
    if match is not None:
        return match["component"], "", match["rest"].strip()
    return text, "", ""


def _fraction(component: str) -> tuple[str, str]:
    match = _WHOLE.match(component)
    if match is not None:
        return match["part"], "NFr" if "/100 " in component else "MFr"
    match = _RELATIVE.match(component)
    if match is not None:
        return match["part"], "RelACnc"
    return component, ""


def _system(place: str) -> tuple[str, str]:
    time = "Pt"
    for words, code in _TIMES.items():
        time = code if place.lower().startswith(words) else time
    # LOINC appends the scale where codes differ by it only.
    material = place.strip().removesuffix(" Narrative").removesuffix(" Nominal")
    return (system_code(material) if material else ""), time
