"""uvicorn's HTTP protocol with an end to how much, and for how long, comes in before a body.

uvicorn with httptools keeps a request line, headers and trailers of any length, however slowly
they come: one connection would fill the memory, a thousand trickling ones would stay for ever.
Bodies have their own limits (`fhir_server.rest.bodies`).
"""

import asyncio
from typing import Any, Final

from fhir_server.commands.http_protocol import HttpProtocol
from fhir_server.r4.codec import encode
from fhir_server.r4.outcome import Issue, operation_outcome

# RFC 9110, 4.1 asks for 8 kB at least; a search of 200 long values needs some 20 kB.
MOST_BYTES: Final = 64 * 1024
MOST_SECONDS: Final = 20.0

_TOO_LONG: Final = f"Request line and headers are longer than {MOST_BYTES} bytes; POST to _search."
_TOO_SLOW: Final = f"Request line and headers were not complete after {MOST_SECONDS:.0f} seconds."


class BoundedHttp(HttpProtocol):
    """One connection; 431 for a head that is too long, 408 for one that comes too slowly."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._silent = 0  # bytes since the last body bytes or complete head
        self._heard = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head, for so long and no longer."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._meet_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse where it has become too much without a body in it."""
        self._heard = False
        super().data_received(data)
        self._silent = 0 if self._heard else self._silent + len(data)
        if self._silent > MOST_BYTES and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large", "too-long", _TOO_LONG)

    def on_message_begin(self) -> None:
        """A head begins; most are complete within the same bytes."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._heard = True
        self._meet_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bytes of the body: the application counts them."""
        self._heard = True
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as everything else is answered, with an OperationOutcome."""
        self._refuse(b"400 Bad Request", "structure", msg)

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(MOST_SECONDS, self._too_slow)

    def _meet_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self._refuse(b"408 Request Timeout", "timeout", _TOO_SLOW)

    def _refuse(self, status: bytes, code: str, text: str) -> None:
        """Answer, where no answer is on its way, and close."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            body = encode(operation_outcome([Issue("error", code, text)]))
            head = (
                b"HTTP/1.1 %s\r\ncontent-type: application/fhir+json\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n" % (status, len(body))
            )
            self.transport.write(head + body)
        self.transport.close()
