"""Names, addresses and telephone numbers: XPN, XAD, XTN to FHIR."""

import re
from collections.abc import Sequence
from typing import Final

from fhir_server.hl7v2.mapping import tables
from fhir_server.hl7v2.mapping.datatypes import clean, filled
from fhir_server.hl7v2.mapping.parts import Parts, chosen, component, parts
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject

_IDEOGRAPHS: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")

# What is read of each type; `mapping.accounting` lists the rest.
XPN_PARTS: Final = parts(1, 2, 3, 4, 5, 6, 7, 14)
XAD_PARTS: Final = parts(2, 3, 4, 5, 6, 7, inner={1: (1, 2, 3), 9: (1, 2)})


def full_name(*, family: str, given: list[str], prefix: str = "", suffix: str = "") -> str:
    """Return a name as it is read: family first and unspaced in ideographs, else given first."""
    if _IDEOGRAPHS.search(family + "".join(given)):
        return family + "".join(given)
    return " ".join(part for part in (prefix, *given, family, suffix) if part)


def xpn(value: Composite) -> JsonObject:
    """Return an XPN as HumanName."""
    family = clean(value.component(1).subcomponent(1))
    given = [text for part in (2, 3) if (text := clean(value.text(part)))]
    prefix = clean(value.text(5))
    suffix = [text for part in (4, 6, 14) if (text := clean(value.text(part)))]
    if not family and not given:
        return {}
    return filled(
        use=tables.NAME_USE.get(value.text(7).upper(), ""),
        text=full_name(family=family, given=given, prefix=prefix, suffix=" ".join(suffix)),
        family=family,
        given=given,
        prefix=[prefix] if prefix else [],
        suffix=suffix,
    )


def xad(value: Composite) -> JsonObject:
    """Return an XAD as Address."""
    kind = value.text(7).upper()
    lines = [
        clean(text)
        for text in (*(value.component(1).subcomponent(n) for n in (1, 2, 3)), value.text(2))
        if clean(text)
    ]
    address = filled(
        line=lines,
        city=clean(value.text(3)),
        district=_county(value.component(9)),
        state=clean(value.text(4)),
        postalCode=clean(value.text(5)),
        country=clean(value.text(6)),
    )
    if not address:
        return {}
    kinds = filled(use=tables.ADDRESS_USE.get(kind, ""), type=tables.ADDRESS_TYPE.get(kind, ""))
    return kinds | address


def _county(value: Composite) -> str:
    """Return XAD.9: since v2.8 a CWE in sub-components, before that a plain text."""
    return clean(value.subcomponent(2)) or clean(value.subcomponent(1))


def xtn(value: Composite, *, use: str) -> JsonObject:
    """Return an XTN as ContactPoint; `use` is that of the field where XTN.2 names none."""
    equipment = value.text(3)
    system = _system(equipment) or ("email" if value.text(4) and not _number(value) else "phone")
    text = clean(value.text(4)) if system == "email" else _number(value)
    if not text:
        return {}
    named = tables.TELECOM_USE.get(value.text(2).upper(), "")
    if not value.text(2):
        named = "mobile" if equipment.upper() == "CP" else use
    return filled(system=system, value=text, use=named)


def _system(equipment: str) -> str:
    found = tables.TELECOM_SYSTEM.get(equipment) or tables.TELECOM_SYSTEM.get(equipment.upper())
    return found or ""


def _xtn_parts(_segment: Segment, components: Sequence[str]) -> Parts:
    """Return what `xtn` takes of a repetition: its address, or the form of its number."""
    has = {n for n in range(1, 13) if component(components, n).strip()}
    numbers = next((each for each in ({12}, {1}, {5, 6, 7, 8}) if each & has), set())
    system = _system(component(components, 3).strip())
    is_address = system == "email" or (not system and 4 in has and not numbers & {1, 7, 12})
    return parts(2, 3, *({4} if is_address else numbers))


XTN_PARTS: Final = chosen(_xtn_parts, repeats=True)


def _number(value: Composite) -> str:
    """Return the number: as one text (XTN.12, XTN.1), else country, area, local, extension."""
    whole = clean(value.text(12)) or clean(value.text(1))
    local = clean(value.text(7))
    if whole or not local:
        return whole
    country, extension = clean(value.text(5)), clean(value.text(8))
    parts = (
        f"+{country.lstrip('+')}" if country else "",
        clean(value.text(6)),
        local,
        f"X{extension}" if extension else "",
    )
    return " ".join(part for part in parts if part)
