"""The message types that are taken, and how the segments of each belong together.

Source: HL7 v2.5.1 chapters 3.3 (ADT), 4.4 (ORM, OML), 7.3 (ORU, OUL); the abstract syntax of
each is reduced to what decides which segment belongs to which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Content: TypeAlias = Literal["results", "orders", "patient", "merge"]


@dataclass(frozen=True, slots=True)
class Structure:
    """What a message holds.

    `needs` are segments of which one at least must be there, for what they hold is what the
    message is about. `specimen_first`: SPM comes before the orders that it serves (OUL^R22).
    `event` is what the message says of the visit in its PV1 (table 0003), "" for nothing.
    """

    content: Content
    needs: tuple[str, ...]
    specimen_first: bool = False
    event: Literal["", "admitted", "arrived"] = ""


_RESULTS: Final = Structure("results", ("OBR", "OBX"))
_ORDERS: Final = Structure("orders", ("OBR",))

STRUCTURES: Final[Mapping[str, Structure]] = {
    "ORU^R01": _RESULTS,
    # Unsolicited point-of-care results: R30 asks for an order, R31 to R40 do as R01 does.
    "ORU^R30": _RESULTS,
    "ORU^R40": _RESULTS,
    "OUL^R22": Structure("results", ("OBR", "OBX"), specimen_first=True),
    "ORM^O01": _ORDERS,
    "OML^O21": _ORDERS,
    "ADT^A01": Structure("patient", ("PID",), event="admitted"),
    "ADT^A04": Structure("patient", ("PID",), event="arrived"),
    "ADT^A08": Structure("patient", ("PID",)),
    "ADT^A31": Structure("patient", ("PID",)),
    "ADT^A40": Structure("merge", ("MRG",)),
}
