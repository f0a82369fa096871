"""How the HL7v2 intake and its listener are joined; a part of `fhir_server.wiring`."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from fhir_server.hl7v2.held_profiles import held_profiles
from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.metrics import MessageMetrics
from fhir_server.hl7v2.mllp import MllpLimits, MllpServer
from fhir_server.hl7v2.policy import Policy, Reception
from fhir_server.hl7v2.senders import SenderFileError, Senders, load_senders, network
from fhir_server.hl7v2.working import Worker
from fhir_server.r4.profiles import Profiles
from fhir_server.rest.hl7v2_desk import Desk
from fhir_server.settings import Settings
from fhir_server.store.database import Database
from fhir_server.telemetry import Telemetry
from security.tls import TlsFiles, server_context
from terminology.local_codes import LocalCodes

# At shutdown kept messages are processed this long; what is left is taken up at the next start.
DRAIN_SECONDS: Final = 20.0


def reception(settings: Settings, codes: LocalCodes) -> Reception:
    """Return how messages are read: the hospital's settings and those of its senders.

    SenderFileError and LocalCodesError where a file cannot be used.
    """
    senders = None
    if settings.hl7v2_senders is not None:
        senders = load_senders(settings.hl7v2_senders)
        if settings.mllp_client_ca is None:
            _refuse_certificates(settings.hl7v2_senders, senders)

    def of(path: Path) -> LocalCodes:
        # What the sender's own table does not say, the hospital's does.
        return LocalCodes.load(path).before(codes)

    return Reception(
        policy=Policy(
            zone=settings.zone,
            default_charset=settings.hl7v2_charset or "",
            identifier_systems=dict(settings.identifier_systems),
            processing_ids=settings.processing_ids,
            acknowledge=settings.hl7v2_acknowledge,
        ),
        codes=codes,
        senders=senders,
        sender_codes={
            sender.name: of(sender.local_codes) for sender in senders or () if sender.local_codes
        },
    )


def _refuse_certificates(path: Path, senders: Senders) -> None:
    """Without a CA nobody shows a certificate, and a sender that needs one could never send."""
    for sender in senders:
        if sender.certificates and not sender.clients:
            problem = "need ATTENDING_MLLP_CLIENT_CA, the CA of the senders' certificates"
            raise SenderFileError(path, f"certificates of {sender.name!r}", problem)


def intake(
    settings: Settings,
    reception: Reception,
    database: Database,
    clock: Callable[[], datetime],
    profiles: Profiles | None,
    metrics: MessageMetrics | None = None,
) -> Intake:
    """Return the intake of a deployment; `metrics` counts its messages."""
    counted = metrics or MessageMetrics(CollectorRegistry())
    held = held_profiles(profiles, settings.hl7v2_profiles)
    return Intake(
        database=database,
        reception=reception,
        worker=Worker(database=database, now=clock, held=held, on_outcome=counted.finished),
        now=clock,
        on_answer=counted.answered,
        on_repeat=counted.repeated,
        on_quarantine=counted.quarantined,
        longest=settings.body_limit,
    )


def desk(
    settings: Settings,
    reception: Reception,
    database: Database,
    telemetry: Telemetry,
    clock: Callable[[], datetime],
    profiles: Profiles | None,
) -> Desk:
    """Return the operator's desk of a server, with its intake."""
    metrics = MessageMetrics(telemetry.registry)
    made = intake(settings, reception, database, clock, profiles, metrics)
    return Desk.of(
        database=database,
        reception=reception,
        intake=made,
        metrics=metrics,
        clock=clock,
        language=settings.language,
    )


def listener(settings: Settings, intake: Intake, telemetry: Telemetry) -> MllpServer | None:
    """Return the MLLP listener, None where it is turned off."""
    if not settings.mllp_port:
        return None
    context = None
    if settings.tls_certificate is not None and settings.tls_key is not None:
        files = TlsFiles(settings.tls_certificate, settings.tls_key, settings.mllp_client_ca)
        context = server_context(files)

    def count(reason: str) -> None:
        telemetry.refused.add(1, {"reason": reason})

    return MllpServer(
        intake,
        host=settings.mllp_host,
        port=settings.mllp_port,
        limits=MllpLimits(
            frame_bytes=settings.body_limit,
            connections=settings.mllp_connections,
            per_address=settings.mllp_connections_per_address,
            addresses=tuple(network(each) for each in settings.mllp_addresses),
        ),
        tls=context,
        on_refused=count,
    )
