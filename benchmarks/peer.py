"""The Python peer: a full R4 server on SQLite, installed into an environment of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import Server, started
from fhir_server.demo.server import free_port

PACKAGE = "sekmet-fhir"
VERSION = "0.1.1"
_FOLDER = Path("build") / "benchmark-peer"
# No authentication, and validation, as by default; the simulator that answers some writes is off.
_SETTINGS = """\
base_url: http://127.0.0.1:{port}/fhir
host: 127.0.0.1
port: {port}
data_dir: {folder}
simulator: {{enabled: false}}
log_inbound: {log}
"""


class PeerMissing(RuntimeError):
    """The peer could not be installed; the text says why."""


def install() -> Path:
    """Return the Python that has the peer, installing it once; `PeerMissing` where it fails."""
    python = _FOLDER.resolve() / "bin" / "python"
    stamp = _FOLDER / f"{PACKAGE}-{VERSION}"
    if stamp.exists():
        return python
    print(f"installing {PACKAGE} {VERSION} into {_FOLDER} (once) ...", flush=True)
    requirement = f"{PACKAGE}=={VERSION}"
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", requirement]
    for command in ([sys.executable, "-m", "venv", str(_FOLDER)], pip):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PeerMissing((done.stderr or done.stdout).strip()[-1000:])
    stamp.touch()
    return python


@contextmanager
def peer(python: Path, *, log: bool) -> Iterator[Server]:
    """Run the peer with one worker on a temporary SQLite file, without an access log, as ours.

    `log` keeps its log of requests in the database, which it does by default and for which its
    settings say "off for heavy load runs".
    """
    with tempfile.TemporaryDirectory(prefix="peer-bench-") as folder:
        port = free_port()
        settings = Path(folder) / "settings.yaml"
        text = _SETTINGS.format(port=port, folder=folder, log=str(log).lower())
        settings.write_text(text, encoding="utf-8")
        command = [
            str(python), "-m", "uvicorn", "--factory", "sekmet.main:app_factory",
            "--host", "127.0.0.1", "--port", str(port), "--no-access-log",
        ]  # fmt: skip
        environment = {**os.environ, "SEKMET_CONFIG": str(settings)}
        name = PACKAGE if log else f"{PACKAGE}, log off"
        with started(name, command, port, environment=environment, folder=Path(folder)) as server:
            yield server
