"""The server's side of TLS, the same for HTTP and MLLP."""

import ssl
from dataclasses import dataclass
from pathlib import Path

# TLS 1.2 with forward secrecy and authenticated encryption only; every TLS 1.3 suite is both.
_TLS_1_2_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"


class TlsFileError(Exception):
    """A file that TLS needs is missing or unusable; names the file and how to mend it."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: certificate with its chain, private key, and the CA whose clients are let in.

    `client_ca` None means that clients need no certificate.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Return a context of TLS 1.2 or newer with authenticated ciphers; raise TlsFileError.

    With a client CA, a client without a certificate from it does not get past the handshake.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS_1_2_SUITES)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    _load_certificate(context, files)
    if files.client_ca is not None:
        _load_client_ca(context, files.client_ca)
    return context


def _load_certificate(context: ssl.SSLContext, files: TlsFiles) -> None:
    _require_pem(files.certificate, "CERTIFICATE", "a certificate with its chain")
    _require_pem(files.key, "PRIVATE KEY", "a private key")
    try:
        # An encrypted key would make OpenSSL ask on the terminal: an empty password refuses it.
        context.load_cert_chain(files.certificate, files.key, password="")
    except ssl.SSLError as fault:
        if fault.reason == "KEY_VALUES_MISMATCH":
            problem = f"is not the private key of the certificate in {files.certificate}"
            raise TlsFileError(files.key, problem) from fault
        problem = f"does not load with the key in {files.key} ({_why(fault)})"
        raise TlsFileError(files.certificate, problem) from fault


def _load_client_ca(context: ssl.SSLContext, path: Path) -> None:
    _require_pem(path, "CERTIFICATE", "the certificate of the clients' CA")
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError as fault:
        raise TlsFileError(path, f"holds no usable CA certificate ({_why(fault)})") from fault
    context.verify_mode = ssl.CERT_REQUIRED


def _require_pem(path: Path, label: str, what: str) -> None:
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as fault:
        problem = f"cannot be read ({fault.strerror}); it should be {what} in PEM form"
        raise TlsFileError(path, problem) from fault
    if "-----BEGIN ENCRYPTED PRIVATE KEY-----" in text or "Proc-Type: 4,ENCRYPTED" in text:
        raise TlsFileError(path, "is encrypted; the server starts unattended: decrypt the key")
    if f"{label}-----" not in text:
        raise TlsFileError(path, f"holds no {label}; it should be {what} in PEM form")


def _why(fault: ssl.SSLError) -> str:
    return fault.reason or str(fault)
