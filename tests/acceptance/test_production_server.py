"""A production server from outside: TLS, signed client tokens, MLLP with client certificates."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from fhir_server.demo.server import free_port
from tests.support.certificates import self_signed
from tests.unit.security import signing

_MESSAGE = (
    b"MSH|^~\\&|LIS|H|A|H|20261101080000+0800||ORU^R01|C1|P|2.5.1\r"
    b"PID|1||1^^^H^MR||Doe^Jane||19700101|F\r"
    b"OBR|1|O1|F1|24323-8^Panel^LN|||20261101070000+0800|||||||||||||||20261101080000+0800||CH|F\r"
    b"OBX|1|NM|2160-0^Creatinine^LN||1.0|mg/dL^^UCUM|||||F|||20261101070000+0800\r"
)


class Production:
    def __init__(self, folder: Path) -> None:
        own, self.sender = self_signed(folder, "127.0.0.1"), self_signed(folder, "sender.example")
        self.certificate = own.certificate
        self.http_port, self.mllp_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.http_port}"
        clients = signing.client_file(folder, signing.registration(allow=["fhir"]))
        settings = {
            "PROFILE": "production",
            "HTTP_PORT": str(self.http_port),
            "MLLP_PORT": str(self.mllp_port),
            "BASE_URL": self.url,
            "DATA_DIR": str(folder / "data"),
            "TLS_CERTIFICATE": str(self.certificate),
            "TLS_KEY": str(own.key),
            "MLLP_CLIENT_CA": str(self.sender.certificate),
            "CLIENTS_FILE": str(clients),
        }
        environment = dict(os.environ) | {f"ATTENDING_{n}": v for n, v in settings.items()}
        self.log = folder / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fhir_server.cli", "serve"], env=environment, stderr=log
            )
        self.trust = ssl.create_default_context(cafile=self.certificate)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", verify=self.trust, headers=headers, timeout=10)

    def wait(self) -> None:
        for _ in range(300):
            assert self.process.poll() is None, self.log.read_text()
            try:
                if self.get("/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        pytest.fail(self.log.read_text())

    def token(self, path: str) -> str:
        now = int(datetime.now(UTC).timestamp())
        key = signing.keys()["ES384"]
        claims = {"iss": signing.ISSUER, "aud": f"{self.url}{path}", "iat": now, "exp": now + 120,
                  "jti": f"{path}-{time.monotonic_ns()}"}  # fmt: skip
        head = {"alg": "ES384", "typ": "JWT", "kid": key.kid, "jku": signing.JKU}
        return signing.signed(head, claims, key)

    def send(self, message: bytes, *, as_sender: bool) -> bytes:
        context = ssl.create_default_context(cafile=self.certificate)
        if as_sender:
            context.load_cert_chain(self.sender.certificate, self.sender.key)
        raw = socket.create_connection(("127.0.0.1", self.mllp_port), timeout=10)
        with context.wrap_socket(raw, server_hostname="127.0.0.1") as connection:
            connection.sendall(b"\x0b" + message + b"\x1c\r")
            return connection.recv(65536)


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    server = Production(tmp_path_factory.mktemp("production"))
    try:
        server.wait()
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=30)


def test_without_a_token_there_is_no_patient_data(production):
    answer = production.get("/fhir/Patient")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_registered_client_reads_what_a_known_laboratory_sent(production):
    acknowledged = production.send(_MESSAGE, as_sender=True)
    assert b"MSA|AA|C1" in acknowledged
    path = "/fhir/Observation"
    answer = production.get(path, Authorization=production.token(path))
    assert answer.status_code == 200
    assert len(answer.json()["entry"]) == 1


def test_a_sender_without_a_certificate_gets_no_acknowledgment(production):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        answer = production.send(_MESSAGE, as_sender=False)
        raise ConnectionError("closed") if not answer else AssertionError(answer)


def test_plain_http_is_not_spoken(production):
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{production.http_port}/health/live", timeout=5)


def test_the_server_does_not_name_its_software(production):
    assert "server" not in production.get("/health/live").headers


def test_the_log_is_json_without_the_patient(production):
    production.send(_MESSAGE.replace(b"C1", b"C2"), as_sender=True)
    text = production.log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert lines
    assert "Doe" not in text
