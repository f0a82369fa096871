"""The only place that joins ports to adapters."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from cds_hooks import discovery, prefetch
from cds_hooks.evaluate import Evaluation
from cds_hooks.wording import LANGUAGES, Wording
from fhir_server import hl7v2_wiring
from fhir_server import telemetry as telemetry_room
from fhir_server.advice import advise_on
from fhir_server.hl7v2.intake import Intake
from fhir_server.jobs.runner import JobPolicy, JobRunner
from fhir_server.models_in_service import Definitions, ModelMetrics, ModelWatch, open_shelf
from fhir_server.r4.codec import JsonObject
from fhir_server.r4.profile_packages import Publication
from fhir_server.r4.profiles import Profiles
from fhir_server.rest.boundary import Gate
from fhir_server.rest.cds_services import CdsServices
from fhir_server.rest.hl7v2_desk import Desk
from fhir_server.rest.incoming import check_resource
from fhir_server.rest.model_desk import ModelDesk
from fhir_server.rest.services import FhirLimits, FhirServices
from fhir_server.rest.subscription_writes import watch
from fhir_server.settings import Settings
from fhir_server.store.cards import StoredFeedback, StoredPredictions
from fhir_server.store.database import Database
from fhir_server.store.patient_records import PatientRecords
from fhir_server.subscriptions.courier import Courier
from fhir_server.subscriptions.policy import Policy as SubscriptionPolicy
from fhir_server.subscriptions.sending import HttpSend
from fhir_server.telemetry import Telemetry
from inference.predictor import Predictor
from inference.releases.shelf import ModelShelf
from terminology import catalogue as catalogue_room
from terminology import score_items
from terminology.catalogue import Catalogue
from terminology.local_codes import LocalCodes
from terminology.release_relations import LoadedRelations
from terminology.releases.shelf import Shelf

VERSION = version("attending")
SOFTWARE = f"attending {VERSION}"


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """Everything that one server runs."""

    settings: Settings
    telemetry: Telemetry
    database: Database
    fhir: FhirServices
    cds: CdsServices
    model_desk: ModelDesk
    desk: Desk
    gate: Gate | None
    courier: Courier
    models: ModelWatch

    @property
    def intake(self) -> Intake:
        """What takes HL7v2 messages."""
        return self.desk.intake

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take up messages that a crash cut off, listen, and at the end finish what came in."""
        async with AsyncExitStack() as ends:
            # Whatever fails to start, what has started is ended, the last first.
            ends.callback(self.telemetry.close)
            ends.callback(self.database.close)
            if self.fhir.jobs is not None:
                ends.push_async_callback(self.fhir.jobs.stop)
                await self.fhir.jobs.start()
            ends.push_async_callback(self.models.stop)
            await self.models.start()
            ends.push_async_callback(self.courier.stop)
            await self.courier.start()
            ends.push_async_callback(self.intake.drain, hl7v2_wiring.DRAIN_SECONDS)
            ends.push_async_callback(self.desk.replays.close)
            await self.intake.resume()
            listener = hl7v2_wiring.listener(self.settings, self.intake, self.telemetry)
            if listener is not None:
                await listener.start()
                ends.push_async_callback(listener.stop)
            yield


def build(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> House:
    """Open the store, load the models and join the rooms; raises what refuses a start."""
    catalogue = catalogue_room.load()
    codes = LocalCodes.load(settings.local_codes) if settings.local_codes else LocalCodes({})
    reception = hl7v2_wiring.reception(settings, codes)
    models = open_shelf(settings)
    gate = _gate(settings, clock)
    telemetry = telemetry_room.start(
        otlp_endpoint=settings.otlp_endpoint, trace_ratio=settings.trace_ratio, version=VERSION
    )
    shelf = Shelf(settings.releases_folder)
    database = Database.open(settings.store_url, zone=settings.zone, releases=shelf)
    profiles = _profiles(settings)
    fhir = FhirServices(
        database=database,
        limits=FhirLimits(body_bytes=settings.body_limit),
        clock=clock,
        advise=advise_on(catalogue=catalogue, zone=settings.zone),
        base_url=f"{settings.public_url}/fhir",
        profiles=profiles,
        jobs=job_runner(settings, database, profiles, clock),
        subscriptions=_subscription_policy(settings),
    )
    cds = _cds(settings, models, catalogue, database, telemetry, clock, codes, shelf)
    return House(
        settings=settings,
        telemetry=telemetry,
        database=database,
        fhir=fhir,
        cds=cds,
        model_desk=_model_desk(settings, cds, database, models, codes),
        desk=hl7v2_wiring.desk(settings, reception, database, telemetry, clock, profiles),
        gate=gate,
        courier=_courier(fhir, telemetry, clock),
        models=ModelWatch(models),
    )


def _subscription_policy(settings: Settings) -> SubscriptionPolicy:
    production = settings.profile == "production"
    return SubscriptionPolicy(
        endpoints=settings.subscription_endpoints,
        loopback=not production,
        https_only=production,
        attempts=settings.subscription_attempts,
        retention=timedelta(days=settings.subscription_retention_days),
    )


def _courier(fhir: FhirServices, telemetry: Telemetry, clock: Callable[[], datetime]) -> Courier:
    """Watch the store for what Subscriptions ask for, and return who delivers it."""
    base_url = str(fhir.base_url)

    def count(kind: str, outcome: str) -> None:
        telemetry.notifications.add(1, {"kind": kind, "outcome": outcome})

    courier = Courier(
        database=fhir.database,
        send=HttpSend(),
        policy=fhir.subscriptions,
        base_url=base_url,
        clock=clock,
        on_outcome=count,
    )
    watch(
        fhir.database,
        base_url,
        clock,
        limits=fhir.limits,
        policy=fhir.subscriptions,
        on_events=courier.wake,
    )
    return courier


def _cds(
    settings: Settings,
    shelf: ModelShelf,
    catalogue: Catalogue,
    database: Database,
    telemetry: Telemetry,
    clock: Callable[[], datetime],
    local_codes: LocalCodes,
    releases: Shelf,
) -> CdsServices:
    metrics = ModelMetrics(telemetry.registry)
    metrics.see(shelf.view)
    shelf.on_change = metrics.changed
    predictor = Predictor(
        registry=shelf,
        catalogue=catalogue,
        zone=settings.zone,
        region=settings.region,
        validated=frozenset(settings.validated_models),
        local_codes=local_codes,
        risk_regions=settings.risk_regions,
        on_shadow=metrics.shadowed,
        relations=LoadedRelations(releases),
    )
    services = discovery.discover()
    wanted = {name for service in services.values() for name in service.analytes}
    codes = _worth_reading(catalogue, wanted, local_codes)
    models = Definitions(shelf)
    return CdsServices(
        services=services,
        evaluation=Evaluation(
            predictor=predictor,
            reader=PatientRecords(database, codes),
            record=StoredPredictions(database, clock),
            tracer=telemetry,
            public_url=settings.public_url,
            software=SOFTWARE,
        ),
        feedback=StoredFeedback(database, clock),
        wordings={language: Wording(language, models) for language in LANGUAGES},
        catalogue=catalogue,
        telemetry=telemetry,
        clock=clock,
        default_language=settings.language,
        body_limit=settings.body_limit,
    )


def _worth_reading(
    catalogue: Catalogue, analytes: Iterable[str], local_codes: LocalCodes
) -> frozenset[str]:
    """Return the codes of Observations that hold the analytes, the hospital's own ones too."""
    codes = prefetch.observation_codes(catalogue, analytes)
    return frozenset(codes) | local_codes.codes_of(codes)


def _model_desk(
    settings: Settings,
    cds: CdsServices,
    database: Database,
    shelf: ModelShelf,
    local_codes: LocalCodes,
) -> ModelDesk:
    """Return the desk of the models: each may be asked for, so whatever any reads is read."""
    analytes = [analyte.id for analyte in cds.catalogue.analytes]
    codes = _worth_reading(cds.catalogue, analytes, local_codes) | score_items.CODES
    return ModelDesk(
        predictor=cds.evaluation.predictor,
        reader=PatientRecords(database, codes),
        record=cds.evaluation.record,
        software=SOFTWARE,
        wordings=cds.wordings,
        clock=cds.clock,
        language=cds.default_language,
        body_limit=cds.body_limit,
        public_url=settings.public_url,
        shelf=shelf,
    )


def _profiles(settings: Settings) -> Profiles | None:
    refuse = settings.unknown_profiles == "refuse"
    if settings.profiles_dir is not None:
        return Profiles.load(settings.profiles_dir, refuse_unknown=refuse)
    return Profiles(Publication(), refuse_unknown=True) if refuse else None


def job_runner(
    settings: Settings,
    database: Database,
    profiles: Profiles | None,
    clock: Callable[[], datetime],
) -> JobRunner:
    """Return what works on the bulk jobs of a deployment; it is not started."""

    def check(resource: JsonObject) -> None:
        check_resource(resource, now=clock(), profiles=profiles)

    policy = JobPolicy(
        folder=(settings.data_dir / "jobs").absolute(),
        keep=timedelta(hours=settings.job_hours),
        import_folder=settings.import_dir,
        import_limit=settings.import_limit,
        longest_line=settings.body_limit,
    )
    return JobRunner(database=database, policy=policy, check=check, clock=clock)


def _gate(settings: Settings, clock: Callable[[], datetime]) -> Gate | None:
    if settings.clients_file is None:
        return None
    # Imported here: the libraries that read keys and tokens take 10 MB.
    from security.client_authentication import ClientAuthenticator  # noqa: PLC0415
    from security.clients import load_clients  # noqa: PLC0415
    from security.replay import MemoryReplayStore  # noqa: PLC0415

    authenticator = ClientAuthenticator(load_clients(settings.clients_file), MemoryReplayStore())
    return Gate(authenticator, settings.public_url, clock)
