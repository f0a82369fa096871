"""`attending serve`: check the profile, then serve HTTP and MLLP until told to stop."""

import contextlib
import gc
import ssl
import sys

import uvicorn

from fhir_server import profiles
from fhir_server.app import create_app
from fhir_server.commands.bounded_http import BoundedHttp
from fhir_server.hl7v2.senders import SenderFileError
from fhir_server.r4.profile_packages import ProfilesRefused
from fhir_server.settings import Settings, SettingsRefused
from fhir_server.store.engines import DatabaseRefused
from fhir_server.telemetry import log_to_standard_error
from fhir_server.text_catalogue import say
from inference.registry import ModelRefused
from security.registration import ClientFileError
from security.tls import TlsFileError, TlsFiles, server_context
from terminology.local_codes import LocalCodesError

_REFUSALS = (SettingsRefused, ModelRefused, ClientFileError, TlsFileError, LocalCodesError,
             DatabaseRefused, ProfilesRefused, SenderFileError)  # fmt: skip


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; 2 where the settings do not allow a start."""
    log_to_standard_error(settings.log_level)
    try:
        profiles.check(settings)
        config = _configuration(settings)
    except _REFUSALS as refused:
        print(say(settings.language, "start.refused"), file=sys.stderr)
        for problem in str(refused).splitlines():
            print(f"  {problem}", file=sys.stderr)
        return 2
    _settle_memory()
    _open_more_files()
    if settings.profile == "evaluation":
        print("\n".join(profiles.BANNER), file=sys.stderr)
    mllp = settings.mllp_port or say(settings.language, "start.mllp-off")
    addresses = say(settings.language, "start.addresses", url=settings.public_url, mllp=mllp)
    print(addresses, file=sys.stderr)
    uvicorn.Server(config).run()
    return 0


def _settle_memory() -> None:
    """Leave what was loaded at start out of garbage collection, and collect the rest less often.

    A hook call makes some ten thousand objects and hardly a cycle; by default the collector
    would walk all models, definitions and routes several times a call.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def _open_more_files() -> None:
    """Let the process have as many connections as the system allows it, not the usual 1024."""
    try:
        import resource  # noqa: PLC0415 (not on every system)
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _configuration(settings: Settings) -> uvicorn.Config:
    context = _http_context(settings)
    return uvicorn.Config(
        create_app(settings),
        host=settings.http_host,
        port=settings.http_port,
        http=BoundedHttp,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=20,
        # The context is built by `security.tls`; uvicorn's own would offer CBC ciphers.
        ssl_certfile=settings.tls_certificate if context else None,
        ssl_keyfile=settings.tls_key if context else None,
        ssl_context_factory=(lambda _config, _default: context) if context else None,
    )


def _http_context(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return server_context(TlsFiles(settings.tls_certificate, settings.tls_key))
