"""People and organisations that a message names: XCN, NDL, XON to logical References.

No Practitioner or Organization is stored for them: a result says a name and a number, not who
that is. A Reference with identifier and display keeps both (R4 references.html#logical).
"""

from typing import Final

from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import HD_PARTS, clean, filled, inner_authority
from fhir_server.hl7v2.mapping.names import full_name
from fhir_server.hl7v2.mapping.parts import parts
from fhir_server.hl7v2.tokenizer import Composite
from fhir_server.r4.codec import JsonObject

# What is read of each type; `mapping.accounting` lists the rest.
XCN_PARTS: Final = parts(1, 2, 3, 4, 5, 6, inner={9: HD_PARTS})
NDL_PARTS: Final = parts(inner={1: (1, 2, 3)})
XON_PARTS: Final = parts(1, 3, 10, inner={6: HD_PARTS})
LABORATORY_PARTS: Final = parts(1, 2, 3)


def person(value: Composite, context: Context) -> JsonObject:
    """Return an XCN as Reference to a Practitioner."""
    if not value.raw:
        return {}
    display = full_name(
        family=clean(value.component(2).subcomponent(1)),
        given=[text for part in (3, 4) if (text := clean(value.text(part)))],
        prefix=clean(value.text(6)),
        suffix=clean(value.text(5)),
    )
    system = inner_authority(value.component(9), context) or context.own()
    return _party("Practitioner", system, clean(value.text(1)), display)


def named_person(value: Composite, context: Context) -> JsonObject:
    """Return an NDL, whose first component is a CNN (id, family, given), as Reference."""
    identifier, family, given = (clean(value.component(1).subcomponent(n)) for n in (1, 2, 3))
    display = full_name(family=family, given=[given] if given else [])
    return _party("Practitioner", context.own(), identifier, display)


def organization(value: Composite, context: Context) -> JsonObject:
    """Return an XON as Reference to an Organization."""
    if not value.raw:
        return {}
    identifier = clean(value.text(10)) or clean(value.text(3))
    system = inner_authority(value.component(6), context) or context.own()
    return _party("Organization", system, identifier, clean(value.text(1)))


def coded_organization(value: Composite, context: Context) -> JsonObject:
    """Return a CE that names a laboratory (OBX-15) as Reference to an Organization."""
    system = context.system(value.text(3))
    return _party("Organization", system, clean(value.text(1)), clean(value.text(2)))


def _party(type: str, system: str, identifier: str, display: str) -> JsonObject:
    if not identifier and not display:
        return {}
    known = {"system": system, "value": identifier} if identifier else {}
    return filled(type_=type, identifier=known, display=display)
