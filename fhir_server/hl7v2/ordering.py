"""Messages of one patient are processed in the order in which they came; others side by side."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from fhir_server.hl7v2.header import Header

# PID-3 names the patient, MRG-1 the one that is merged into it.
_FIELD = {b"PID": 3, b"MRG": 1}


def patient_keys(raw: bytes, header: Header) -> frozenset[str]:
    """Return what tells the patients of a message: the identifiers in PID-3 and MRG-1 as sent.

    Each identifier alone (CX.1), whatever its assigner: too many keys cost a wait, too few the
    order. A message that names none has the empty set.
    """
    found: set[str] = set()
    marks = header.separators
    for line in raw.replace(b"\n", b"\r").split(b"\r"):
        number = _FIELD.get((line.lstrip() if line[:1].isspace() else line)[:3].upper())
        if number is None:
            continue
        fields = line.decode(header.codec, errors="replace").split(marks.field, number + 1)
        value = fields[number] if number < len(fields) else ""
        for each in value.split(marks.repetition) if marks.repetition else [value]:
            identifier = each.partition(marks.component)[0] if marks.component else each
            if identifier.strip():
                found.add(identifier.strip())
    return frozenset(found)


class PatientOrder:
    """Lets those that share a key take turns, in the order in which they asked."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Future[None]] = {}

    def turn(self, keys: Iterable[str]) -> AbstractAsyncContextManager[None]:
        """Ask for a turn now; the context begins when all who asked before have ended theirs."""
        return _Turn(self._last, frozenset(keys))


class _Turn(AbstractAsyncContextManager[None]):
    def __init__(self, last: dict[str, asyncio.Future[None]], keys: frozenset[str]) -> None:
        self._last, self._keys = last, keys
        self._before = {last[key] for key in keys if key in last}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for key in keys:
            last[key] = self._ended

    async def __aenter__(self) -> None:
        try:
            if self._before:
                await asyncio.wait(self._before)
        except asyncio.CancelledError:
            # Whoever is behind still waits for those before.
            for each in self._before:
                each.add_done_callback(self._given_up)
            raise

    def _given_up(self, _ended: "asyncio.Future[None]") -> None:
        if all(each.done() for each in self._before):
            self._end()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        for key in self._keys:
            if self._last.get(key) is self._ended:
                del self._last[key]
        if not self._ended.done():
            self._ended.set_result(None)
