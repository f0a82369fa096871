"""The laboratory's side of the demo: one MLLP connection."""

import socket
from types import TracebackType

_START, _END = b"\x0b", b"\x1c\r"
_ANSWER_WITHIN = 20.0


class Laboratory:
    """Sends HL7v2 messages over MLLP and returns the acknowledgments."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_WITHIN)

    def __enter__(self) -> "Laboratory":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, message: bytes) -> bytes:
        """Return the acknowledgment; `OSError` or `TimeoutError` where none comes."""
        self._socket.sendall(_START + message + _END)
        answer = b""
        while not answer.endswith(_END):
            received = self._socket.recv(65536)
            if not received:
                raise ConnectionError("the server closed the connection without an answer")
            answer += received
        return answer.removeprefix(_START).removesuffix(_END)


def acknowledgment_code(answer: bytes) -> str:
    """Return MSA-1 of an acknowledgment: AA, AE or AR."""
    for segment in answer.split(b"\r"):
        if segment.startswith(b"MSA"):
            return segment.split(b"|")[1].decode("ascii")
    raise ValueError("the answer has no MSA segment")
