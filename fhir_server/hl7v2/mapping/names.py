"""Names, addresses and telephone numbers: XPN, XAD, XTN to FHIR."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from fhir_server.hl7v2.mapping import tables
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import clean, filled, period
from fhir_server.hl7v2.mapping.parts import (
    Components,
    Parts,
    Valid,
    chosen,
    component,
    parts,
    repeated,
)
from fhir_server.hl7v2.mapping.times import is_time
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject

_HL7: Final = "http://hl7.org/fhir/StructureDefinition/"
_ASSEMBLY_ORDER: Final = f"{_HL7}humanname-assembly-order"
# Table 0444: given name first, family name first.
_ORDERS: Final = frozenset(("G", "F"))
_CENSUS_TRACT: Final = f"{_HL7}iso21090-ADXP-censusTract"
_NUMBER_PARTS: Final = tuple(
    (number, f"{_HL7}contactpoint-{part}")
    for number, part in ((5, "country"), (6, "area"), (7, "local"), (8, "extension"))
)
_RANK: Final = re.compile(r"[1-9][0-9]{0,8}")
_IDEOGRAPHS: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def _ranged(
    both: int, first: int, *own: int, inner: Components | None = None, valid: Valid | None = None
) -> Parts:
    """Return the parts of a type that says from when to when it holds: in two dates, else a DR."""
    dates = dict.fromkeys((both, first, first + 1), is_time) | dict(valid or {})
    dated = parts(*own, first, first + 1, inner=inner, valid=dates)
    ranged = parts(*own, first, first + 1, inner={both: (1, 2), **(inner or {})}, valid=dates)

    def choose(_segment: Segment, components: Sequence[str]) -> Parts:
        has_dates = component(components, first) or component(components, first + 1)
        return dated if has_dates else ranged

    return chosen(choose)


_NAME: Final = (1, 2, 3, 4, 5, 6, 7, 11, 14)
# U, unspecified, says nothing; of the other codes R4 has no use for many (table 0200).
_NAME_VALID: Final[Valid] = {
    7: lambda text: text.upper() in tables.NAME_USE or text.upper() == "U",
    11: lambda text: text.upper() in _ORDERS,
}
_ADDRESS_VALID: Final[Valid] = {
    7: lambda text: text.upper() in {*tables.ADDRESS_USE, *tables.ADDRESS_TYPE}
}
# What is read of each type; `mapping.accounting` lists the rest. `TEXT`: as one text; `NAMES`:
# with what the person is called (XPN.15).
XPN_TEXT_PARTS: Final = parts(1, 2, 3, 4, 5, 6, 14)
XPN_PARTS: Final = _ranged(10, 12, *_NAME, valid=_NAME_VALID)
NAMES_PARTS: Final = repeated(_ranged(10, 12, *_NAME, 15, valid=_NAME_VALID))
XAD_PARTS: Final = _ranged(
    *(12, 13),
    *(2, 3, 4, 5, 6, 7, 10, 19),
    inner={1: (1, 2, 3), 9: (1, 2)},
    valid=_ADDRESS_VALID,
)


def full_name(*, family: str, given: list[str], prefix: str = "", suffix: str = "") -> str:
    """Return a name as it is read: family first and unspaced in ideographs, else given first."""
    if _IDEOGRAPHS.search(family + "".join(given)):
        return family + "".join(given)
    return " ".join(part for part in (prefix, *given, family, suffix) if part)


def xpn(value: Composite, context: Context) -> JsonObject:
    """Return an XPN as HumanName."""
    family = clean(value.component(1).subcomponent(1))
    given = [text for part in (2, 3) if (text := clean(value.text(part)))]
    prefix = clean(value.text(5))
    suffix = [text for part in (4, 6, 14) if (text := clean(value.text(part)))]
    if not family and not given:
        return {}
    order = value.text(11).upper()
    return filled(
        extension=[{"url": _ASSEMBLY_ORDER, "valueCode": order}] if order in _ORDERS else [],
        use=tables.NAME_USE.get(value.text(7).upper(), ""),
        text=full_name(family=family, given=given, prefix=prefix, suffix=" ".join(suffix)),
        family=family,
        given=given,
        prefix=[prefix] if prefix else [],
        suffix=suffix,
        period=_validity(value, 10, 12, context),
    )


def names(values: Iterable[Composite], context: Context) -> list[JsonObject]:
    """Return XPN as HumanNames, and what the person is called (XPN.15) as a name of its own."""
    found: list[JsonObject] = []
    for each in values:
        called = clean(each.text(15))
        found += [name for name in (xpn(each, context),) if name]
        found += [{"use": "nickname", "text": called, "given": [called]}] if called else []
    return found


def _validity(value: Composite, both: int, first: int, context: Context) -> JsonObject:
    """Return from when to when something holds: two dates, else the older DR that has both."""
    start, end = value.text(first), value.text(first + 1)
    if not start and not end:
        span = value.component(both)
        start, end = span.subcomponent(1), span.subcomponent(2)
    return period(start, end, context)


def xad(value: Composite, context: Context) -> JsonObject:
    """Return an XAD as Address."""
    kind = value.text(7).upper()
    streets = (value.component(1).subcomponent(n) for n in (1, 2, 3))
    lines = [line for text in (*streets, value.text(2), value.text(19)) if (line := clean(text))]
    tract = clean(value.text(10))
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
    kinds = filled(
        extension=[{"url": _CENSUS_TRACT, "valueString": tract}] if tract else [],
        use=tables.ADDRESS_USE.get(kind, ""),
        type=tables.ADDRESS_TYPE.get(kind, ""),
    )
    return kinds | address | filled(period=_validity(value, 12, 13, context))


def _county(value: Composite) -> str:
    """Return XAD.9: since v2.8 a CWE in sub-components, before that a plain text."""
    return clean(value.subcomponent(2)) or clean(value.subcomponent(1))


def xtn(value: Composite, context: Context, *, use: str) -> JsonObject:
    """Return an XTN as ContactPoint; `use` is that of the field where XTN.2 names none."""
    equipment = value.text(3)
    system = _system(equipment) or ("email" if value.text(4) and not _number(value) else "phone")
    text = clean(value.text(4)) if system == "email" else _number(value)
    if not text:
        return {}
    named = tables.TELECOM_USE.get(value.text(2).upper(), "")
    if not value.text(2):
        named = "mobile" if equipment.upper() == "CP" else use
    rank = value.text(18)
    return filled(
        extension=[] if system == "email" else [*_number_parts(value)],
        system=system,
        value=text,
        use=named,
        rank=int(rank) if _RANK.fullmatch(rank) else None,
        period=period(value.text(13), value.text(14), context),
    )


def _number_parts(value: Composite) -> Iterator[JsonObject]:
    """Yield country, area, local number and extension beside the number that they make."""
    for number, url in _NUMBER_PARTS:
        text = clean(value.text(number))
        if text:
            yield {"url": url, "valueString": text}


def _system(equipment: str) -> str:
    found = tables.TELECOM_SYSTEM.get(equipment) or tables.TELECOM_SYSTEM.get(equipment.upper())
    return found or ""


# NET and BPN, an address and a pager, say what the system of the number says.
_XTN_VALID: Final[Valid] = {
    2: lambda text: text.upper() in {*tables.TELECOM_USE, "NET", "BPN"},
    3: lambda text: bool(_system(text)),
    13: is_time,
    14: is_time,
    18: lambda text: bool(_RANK.fullmatch(text)),
}


def _xtn_parts(_segment: Segment, components: Sequence[str]) -> Parts:
    """Return what `xtn` takes of a repetition: its address, or its number and the parts of it."""
    has = {n for n in (1, 4, 7, 12) if component(components, n).strip()}
    system = _system(component(components, 3).strip())
    is_address = system == "email" or (not system and 4 in has and not has - {4})
    whole = {12} if 12 in has else {1}
    own = {4} if is_address else {5, 6, 7, 8, *whole}
    return parts(2, 3, 13, 14, 18, *own, valid=_XTN_VALID)


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
