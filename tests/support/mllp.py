"""Messages for a listener under load, and a sender that speaks MLLP and remembers its answers."""

import asyncio
from dataclasses import dataclass, field

from tests.unit.hl7v2.examples import MSH, OBR, PID, ack_fields, message, obx, with_field

SB, EB, CR = b"\x0b", b"\x1c", b"\r"


def framed(raw: bytes) -> bytes:
    return SB + raw + EB + CR


def result(
    control_id: str,
    *,
    application: str = "LIS",
    patient: str = "000123456",
    accept: str = "",
    answer: str = "",
    results: int = 1,
) -> bytes:
    """The results of an order of its own, which the control id names."""
    msh = with_field(with_field(MSH, 10, control_id), 3, application)
    msh = with_field(with_field(msh, 15, accept), 16, answer)
    pid = with_field(PID, 3, f"{patient}^^^DEMOHOSP^MR")
    lines = [obx(f1=str(n), f3=f"T{n}^检验{n}^99LIS") for n in range(1, results + 1)]
    return message(msh, pid, with_field(OBR, 3, control_id), *lines)


@dataclass
class Sent:
    """One message and the acknowledgments that came for it, in their order."""

    control_id: str
    raw: bytes
    answers: list[bytes] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        return [ack_fields(each)["MSA"][0][1] for each in self.answers]


async def next_answer(reader: asyncio.StreamReader) -> bytes:
    """The next acknowledgment, without its blocks; IncompleteReadError where none comes."""
    frame = await reader.readuntil(EB + CR)
    assert frame.startswith(SB)
    return frame[1:-2]
