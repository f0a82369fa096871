"""Orders and results that have a parent in another order: OBR-26 and OBR-29.

Source: HL7 v2.8 section 4.5.3.26 (parent result), 4.5.3.29 (parent order); v2-to-FHIR guide,
OBR[ServiceRequest]. A parent in the same message is referred to; another one by its number, or
where it has none by what the message says of it.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import authority, clean, filled
from fhir_server.hl7v2.mapping.order import Order
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject

# The components of OBR-29 and of the number fields: 1 is the placer's, 2 the filler's. The filler's
# tells better, for the placer's may stand for several orders.
_KINDS: Final = ((2, "FILL"), (1, "PLAC"))

Numbers: TypeAlias = frozenset[tuple[str, str]]


@dataclass(slots=True)
class Family:
    """The orders and results of one patient in a message, by what a child calls its parent.

    A number is known with its kind: the placer's 7 is another order than the filler's 7.
    """

    orders: dict[tuple[str, str], JsonObject] = field(default_factory=dict)
    results: dict[tuple[str, str, str, str], JsonObject] = field(default_factory=dict)

    def add_order(self, found: Order, reference: JsonObject) -> None:
        """Remember an order by its placer's and its filler's number."""
        for number in numbers(found):
            self.orders.setdefault(number, reference)

    def add_result(self, of_order: Numbers, obx: Segment, reference: JsonObject) -> None:
        """Remember a result by its order's numbers, its code and its sub-id."""
        if of_order:
            named = obx.text(3), obx.text(4)
            for number in of_order:
                self.results.setdefault((*number, *named), reference)

    def order(self, found: Order | None, context: Context) -> JsonObject:
        """Return the Reference to the parent of an order (OBR-29), {} where it has none."""
        parent = found.obr.first(29) if found is not None else None
        if not parent:
            return {}
        named = [
            (kind, value, number)
            for part, kind in _KINDS
            if (value := clean((number := parent.component(part)).subcomponent(1)))
        ]
        for kind, value, _number in named:
            if (kind, value) in self.orders:
                return self.orders[kind, value]
        for kind, value, number in named:
            return _by_number(number, value, kind, context)
        return {}

    def result(self, found: Order | None) -> JsonObject:
        """Return the Reference to the parent result of an order's results (OBR-26), {} without."""
        parent = found.obr.first(26) if found is not None else None
        if found is None or not parent:
            return {}
        code, sub_id = parent.component(1).subcomponent(1), parent.text(2)
        above = found.obr.first(29)
        for part, kind in _KINDS:
            key = (kind, clean(above.component(part).subcomponent(1)), code, sub_id)
            if key in self.results:
                return self.results[key]
        named = parent.component(1)
        said = (code, named.subcomponent(2), sub_id, parent.text(3))
        text = " ".join(clean(each) for each in said if each)
        return {"type": "Observation", "display": text} if text else {}


def numbers(found: Order | None) -> Numbers:
    """Return the numbers of an order with their kinds, none without one."""
    if found is None:
        return frozenset()
    segments = [each for each in (found.obr, found.orc) if each is not None]
    fields = ((3, "FILL"), (2, "PLAC"))
    return frozenset(
        (kind, text) for each in segments for part, kind in fields if (text := each.text(part))
    )


def _by_number(number: Composite, value: str, kind: str, context: Context) -> JsonObject:
    system = authority(
        number.subcomponent(2), number.subcomponent(3), number.subcomponent(4), context
    )
    identifier = filled(system=system or context.own(kind), value=value)
    return {"type": "ServiceRequest", "identifier": identifier}
