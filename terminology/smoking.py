"""Answers to the tobacco smoking status (LOINC 72166-2, answer list LL2201-3)."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from terminology.codings import LOINC, SNOMED, Coding

SmokingStatus = Literal["current", "not-current", "unknown", "unconfirmed"]

# "Smoker, current status unknown" (LA18979-7; SNOMED 77176002 is its counterpart) leaves open
# whether the person still smokes: unknown, not current.
_ANSWERS: Final[Mapping[str, Mapping[SmokingStatus, str]]] = {
    LOINC: {
        "current": "LA18976-3 LA18977-1 LA18981-3 LA18982-1",
        "not-current": "LA15920-4 LA18978-9",
        "unknown": "LA18979-7 LA18980-5",
    },
    SNOMED: {
        "current": "449868002 428041000124106 65568007 59978006 82302008 230059006 230060001 "
        "230062009 230063004 230064005 230065006 266920004 160603005 160604004 160605003 "
        "160606002 56578002 56771006 134406006 160612007 160616005 308438006 446172000 "
        "394871007 394872000 394873005 428061000124105 428071000124103",
        "not-current": "266919005 8517006 8392000 160617001 160618006 160620009 160621008 "
        "281018007 266921000 266922007 266923002 266924008 266925009 266928006 405746006 "
        "53896009 360890004 360900008 87739003 360918006 360929005 105539002 105540000 "
        "105541001 735128000 48031000119106 702979003",
        "unknown": "77176002 266927001 160614008",
    },
}

_BY_CODE: Final[Mapping[tuple[str, str], SmokingStatus]] = {
    (system, code): status
    for system, answers in _ANSWERS.items()
    for status, codes in answers.items()
    for code in codes.split()
}


def smoking_status(codings: Iterable[Coding], text: str | None) -> SmokingStatus:
    """What an answer says: unknown is an answer, unconfirmed means that no code could be read.

    Codings that contradict each other are unconfirmed. `text` is never interpreted: "否认吸烟",
    "已戒烟" and "吸烟" differ by a character or two.
    """
    del text
    found = {
        _BY_CODE[coding.system, coding.code]
        for coding in codings
        if coding.system and (coding.system, coding.code) in _BY_CODE
    }
    return found.pop() if len(found) == 1 else "unconfirmed"
