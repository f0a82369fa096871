"""The intake as the commands use it: that of the server, on a store that both may write."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from fhir_server import hl7v2_wiring
from fhir_server.commands.storage import existing, utc_now, writing
from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.policy import Reception
from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.senders import Senders
from fhir_server.r4.profiles import Profiles
from fhir_server.settings import Settings
from fhir_server.store.database import Database
from terminology.local_codes import LocalCodes


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a command that processes messages works with."""

    database: Database
    reception: Reception
    intake: Intake


@contextmanager
def workplace(
    settings: Settings, *, create: bool = False, from_files_of: str | None = None
) -> Iterator[Workplace]:
    """Open store and intake with the settings of the server.

    StoreAbsent where there is no database, unless it may be created. With `from_files_of`
    messages come from files: whoever may run this command says whose they are, so addresses are
    not asked for, and each is processed before the next step; a name there is the registered
    sender of messages that name none.
    """
    if not create:
        existing(settings)
    codes = LocalCodes.load(settings.local_codes) if settings.local_codes else LocalCodes.none()
    reception = hl7v2_wiring.reception(settings, codes)
    if from_files_of is not None:
        reception = _of_files(reception, from_files_of)
    profiles = Profiles.load(settings.profiles_dir) if settings.profiles_dir else None
    with writing(settings) as database, _quiet():
        intake = hl7v2_wiring.intake(settings, reception, database, utc_now, profiles)
        yield Workplace(database, reception, intake)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the command itself reports out of the log: warnings about single messages."""
    log = logging.getLogger("fhir_server.hl7v2")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _of_files(reception: Reception, named: str) -> Reception:
    policy = replace(reception.policy, acknowledge="processed")
    if reception.senders is None:
        if named:
            raise Refused(400, "value", "hl7v2.sender-unregistered", sender=named)
        return replace(reception, policy=policy)
    anywhere = {
        key: replace(
            sender,
            addresses=(),
            certificates=frozenset(),
            clients=frozenset(),
            acknowledge=None,
        )
        for key, sender in reception.senders.by_name.items()
    }
    standing_in = tuple(sender for sender in anywhere.values() if sender.name == named)
    if named and not standing_in:
        raise Refused(400, "value", "hl7v2.sender-unregistered", sender=named)
    return replace(reception, policy=policy, senders=Senders(anywhere, standing_in))
