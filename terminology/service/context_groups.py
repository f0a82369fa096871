"""DICOM's context groups as value sets: http://hl7.org/fhir/R4/imagingstudy.html#bnd names them."""

import re
from functools import lru_cache
from typing import Final

from fhir_server.r4.codec import JsonObject
from terminology import dicom

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOTICE: Final = (
    "Context group of DICOM PS3.16, as the package pydicom carries it. Codes of SNOMED CT® and "
    "other coding schemes are used in DICOM by agreement with their owners; DICOM gives no "
    "licence to use them elsewhere."
)


@lru_cache(maxsize=64)
def value_set(url: str) -> JsonObject | None:
    """Return the context group of a canonical with DICOM's meanings; not to be changed.

    None where the url is none of a context group, or pydicom has no code of the group.
    """
    group = dicom.group(url)
    if group is None:
        return None
    return {
        "resourceType": "ValueSet",
        "url": url,
        "version": dicom.EDITION,
        "name": group.name,
        "title": f"{_WORDS.sub(' ', group.name)} (CID {group.number})",
        "status": "active",
        "copyright": _NOTICE,
        "compose": {
            "include": [
                {
                    "system": system,
                    "concept": [{"code": code, "display": meaning} for code, meaning in codes],
                }
                for system, codes in group.codes.items()
            ]
        },
    }
