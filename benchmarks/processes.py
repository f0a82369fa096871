"""Servers as processes of their own: started, waited for by an HTTP answer, measured, ended."""

import compileall
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fhir_server.demo.server import free_port

_START_WITHIN = 60.0
_ROOT = Path(__file__).parents[1]
_SERVED = ("fhir_server", "cds_hooks", "inference", "terminology", "security")


class StartFailed(RuntimeError):
    """A server did not answer in time; the text is the end of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the base of its FHIR URLs, and how long it took to its first answer."""

    name: str
    base: str
    pid: int
    started_in: float

    @property
    def resident(self) -> float:
        """Resident memory of the process in MB."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS in /proc")

    @property
    def worked(self) -> float:
        """Seconds of one core that the process has used so far."""
        # proc(5): after the name in parentheses utime and stime are the 12th and 13th field.
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def attending(folder: Path | None = None, **settings: str) -> Iterator[Server]:
    """Run this product as `attending serve` does, on a database in `folder` or a temporary one.

    `settings` by name without prefix (`mllp_port="2575"`); MLLP is off unless a port is given.
    """
    with tempfile.TemporaryDirectory(prefix="attending-bench-") as temporary:
        data = folder or Path(temporary)
        port = free_port()
        _compile()
        environment = {n: v for n, v in os.environ.items() if not n.startswith("ATTENDING_")} | {
            "ATTENDING_HTTP_PORT": str(port),
            "ATTENDING_MLLP_PORT": "0",
            "ATTENDING_DATA_DIR": str(data),
            **{f"ATTENDING_{name.upper()}": value for name, value in settings.items()},
        }
        command = [sys.executable, "-m", "fhir_server.cli", "serve"]
        with started("attending", command, port, environment=environment) as server:
            yield server


@cache
def _compile() -> None:
    """Compile the modules to bytecode, as an installation does: nobody waits for it twice."""
    for package in _SERVED:
        compileall.compile_dir(_ROOT / package, quiet=1)


@contextmanager
def started(
    name: str,
    command: Sequence[str],
    port: int,
    *,
    environment: Mapping[str, str],
    folder: Path | None = None,
) -> Iterator[Server]:
    """Run `command` until the context ends; ready is the first 200 to GET /fhir/metadata."""
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            if not _answered(port, process):
                log.seek(0)
                raise StartFailed(f"{name}: {log.read().decode(errors='replace')[-2000:]}")
            took = time.perf_counter() - began
            yield Server(name, f"http://127.0.0.1:{port}/fhir", process.pid, took)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _answered(port: int, process: "subprocess.Popen[bytes]") -> bool:
    until = time.monotonic() + _START_WITHIN
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/fhir/metadata")
            return connection.getresponse().status == 200
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    return False
