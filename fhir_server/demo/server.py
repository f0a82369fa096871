"""A temporary server for the demo: own process, own folder, free ports, loopback only."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_START_WITHIN = 30.0


class ServerFailed(RuntimeError):
    """The temporary server did not come up; the text is the end of its log."""


@dataclass(frozen=True, slots=True)
class DemoServer:
    """Where the temporary server answers."""

    url: str
    mllp_port: int
    environment: dict[str, str]
    started_in: float
    pid: int


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*, local_codes: Path, settings: dict[str, str] | None = None) -> Iterator[DemoServer]:
    """Run a server for the length of the context; `ServerFailed` where it does not start."""
    with tempfile.TemporaryDirectory(prefix="attending-") as folder:
        http_port, mllp_port = free_port(), free_port()
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("ATTENDING_")}
        environment = inherited | {
            "ATTENDING_HTTP_PORT": str(http_port),
            "ATTENDING_MLLP_PORT": str(mllp_port),
            "ATTENDING_DATA_DIR": folder,
            "ATTENDING_LOCAL_CODES": str(local_codes),
            **(settings or {}),
        }
        log = Path(folder) / "server.log"
        started = time.perf_counter()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "fhir_server.cli", "serve"],
                env=environment, stdout=output, stderr=output,
            )  # fmt: skip
            try:
                url = f"http://127.0.0.1:{http_port}"
                _wait(url, process, log)
                yield DemoServer(
                    url, mllp_port, environment, time.perf_counter() - started, process.pid
                )
            finally:
                process.terminate()
                process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/health/ready", timeout=1).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise ServerFailed(log.read_text(encoding="utf-8", errors="replace")[-2000:])
