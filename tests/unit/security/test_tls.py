"""TLS as the server offers it, by real handshakes in memory with keys made now."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from security.tls import TlsFileError, TlsFiles, server_context
from tests.support.certificates import Issued, self_signed

HOST = "attending.example-hospital.cn"


@pytest.fixture(scope="module")
def issue(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Issued]:
    """Issue a self-signed certificate, which is its own CA."""
    folder = tmp_path_factory.mktemp("tls")
    made: dict[str, Issued] = {}

    def issued(name: str) -> Issued:
        if name not in made:
            made[name] = self_signed(folder, name)
        return made[name]

    return issued


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """Shake hands and exchange one byte; return the client's side. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    there = server.wrap_bio(to_server, to_client, server_side=True)
    here = client.wrap_bio(to_client, to_server, server_hostname=HOST)
    for _ in range(4):
        for side in (here, there):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    # With TLS 1.3 the client learns only by reading that its certificate was refused.
    there.write(b"x")
    assert here.read(1) == b"x"
    return here


def _client(issued: Issued) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=issued.certificate)


def test_a_client_gets_tls_1_3(issue: Callable[[str], Issued]) -> None:
    own = issue(HOST)
    session = _handshake(server_context(TlsFiles(own.certificate, own.key)), _client(own))
    assert session.version() == "TLSv1.3"


def test_an_old_analyser_gets_tls_1_2_with_an_authenticated_cipher(
    issue: Callable[[str], Issued],
) -> None:
    own = issue(HOST)
    client = _client(own)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    session = _handshake(server_context(TlsFiles(own.certificate, own.key)), client)
    assert session.version() == "TLSv1.2"
    assert session.cipher()[0].endswith(("GCM-SHA384", "GCM-SHA256", "POLY1305"))


def test_cbc_ciphers_are_not_offered(issue: Callable[[str], Issued]) -> None:
    own = issue(HOST)
    client = _client(own)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers("ECDHE-ECDSA-AES128-SHA256")
    with pytest.raises(ssl.SSLError):
        _handshake(server_context(TlsFiles(own.certificate, own.key)), client)


def test_tls_1_1_is_not_offered(issue: Callable[[str], Issued]) -> None:
    own = issue(HOST)
    context = server_context(TlsFiles(own.certificate, own.key))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_with_a_client_ca_a_stranger_does_not_get_in(issue: Callable[[str], Issued]) -> None:
    own, gateway = issue(HOST), issue("gateway.example-hospital.cn")
    server = server_context(TlsFiles(own.certificate, own.key, gateway.certificate))

    with pytest.raises(ssl.SSLError):
        _handshake(server, _client(own))

    known = _client(own)
    known.load_cert_chain(gateway.certificate, gateway.key)
    assert _handshake(server, known).version() == "TLSv1.3"

    stranger = _client(own)
    other = issue("stranger.example.org")
    stranger.load_cert_chain(other.certificate, other.key)
    with pytest.raises(ssl.SSLError):
        _handshake(server, stranger)


@pytest.mark.parametrize("missing", ["certificate", "key", "client_ca"])
def test_a_missing_file_is_named(
    issue: Callable[[str], Issued], tmp_path: Path, missing: str
) -> None:
    own = issue(HOST)
    files = {"certificate": own.certificate, "key": own.key, "client_ca": own.certificate}
    files[missing] = tmp_path / "absent.pem"
    with pytest.raises(TlsFileError, match=r"absent\.pem: cannot be read \(No such file"):
        server_context(TlsFiles(**files))


def test_swapped_foreign_and_damaged_files_are_named(
    issue: Callable[[str], Issued], tmp_path: Path
) -> None:
    own, other = issue(HOST), issue("gateway.example-hospital.cn")
    damaged = tmp_path / "damaged.crt"
    damaged.write_text(own.certificate.read_text().replace("MII", "!!!", 1))
    cases = (
        (TlsFiles(own.key, own.certificate), own.key, "holds no CERTIFICATE"),
        (TlsFiles(own.certificate, own.certificate), own.certificate, "holds no PRIVATE KEY"),
        (TlsFiles(own.certificate, other.key), other.key, "is not the private key of"),
        (TlsFiles(damaged, own.key), damaged, "does not load"),
        (TlsFiles(own.certificate, own.key, damaged), damaged, "no usable CA certificate"),
    )
    for files, path, problem in cases:
        with pytest.raises(TlsFileError) as caught:
            server_context(files)
        assert caught.value.path == path
        assert problem in str(caught.value)


@pytest.mark.parametrize(
    "form",
    [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL],
    ids=["PKCS8", "traditional"],
)
def test_an_encrypted_key_is_refused_and_nobody_is_asked(
    issue: Callable[[str], Issued], tmp_path: Path, form: serialization.PrivateFormat
) -> None:
    own = issue(HOST)
    key = ec.generate_private_key(ec.SECP256R1())
    encryption = serialization.BestAvailableEncryption(b"a passphrase")
    locked = tmp_path / "locked.key"
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))
    with pytest.raises(TlsFileError, match=r"locked\.key: is encrypted"):
        server_context(TlsFiles(own.certificate, locked))
