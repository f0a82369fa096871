"""What a conversion needs beside the message: who sent it, when, and how to read its times."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, Protocol, TypeVar

from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.mapping.code_systems import sender_uri, system_uri
from fhir_server.hl7v2.mapping.times import Moment, has_zone, moment
from fhir_server.hl7v2.problems import Location, Problem, refuse
from terminology.codings import Coding

# Clocks of analysers and servers differ; a result from further ahead has a wrong date.
FUTURE_TOLERANCE: Final = timedelta(minutes=5)

Made = TypeVar("Made")


class Translator(Protocol):
    """A hospital's accepted local codes (`terminology.local_codes.LocalCodes`)."""

    def translate(self, system: str | None, code: str) -> tuple[Coding, ...]:
        """Return the LOINC codings that a local code equals."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How one sender's codes are named in FHIR: the same from message to message."""

    scope: str
    codes: Translator

    def system(self, name: str) -> str:
        """Return the FHIR system of a coding system's name, as this sender uses it."""
        return system_uri(name, scope=self.scope)


@dataclass(frozen=True, slots=True)
class Context:
    """One message's conversion.

    `zone` is that of MSH-7 where it names one (HL7 v2.5.1 section 2.15.9.7: it is the default
    for the message), else the configured one. `remarks` gathers the warnings.
    """

    application: str
    facility: str
    zone: tzinfo
    sent: Moment
    now: datetime
    codes: Translator
    identifier_systems: Mapping[str, str]
    remarks: list[Problem] = field(default_factory=list)
    # What many segments of a message repeat word by word is read once: `once`.
    memo: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)

    @property
    def scope(self) -> str:
        """The name under which the sender's own numbers and codes are unique."""
        return self.facility or self.application

    @property
    def sender(self) -> tuple[str, str]:
        """Application and facility: the sender in every deterministic id."""
        return self.application, self.facility

    @property
    def naming(self) -> Naming:
        """How the codes of this message are named."""
        return Naming(self.scope, self.codes)

    def system(self, name: str) -> str:
        """Return the FHIR system of a coding system's name in this message."""
        return system_uri(name, scope=self.scope)

    def own(self, *names: str) -> str:
        """Return the URI of a name space of this sender."""
        return sender_uri(self.scope, *names)

    def once(self, key: tuple[str, ...], make: Callable[[], Made]) -> Made:
        """Return what `make` made of the same texts before; nobody changes it afterwards."""
        found: Made | None = self.memo.get(key)
        if found is None:
            found = self.memo[key] = make()
        return found

    def remark(self, code: str, text: str, location: Location) -> None:
        """Record a warning: the message stays accepted."""
        self.remarks.append(Problem(code, text, location, "W"))

    def is_future(self, low: datetime) -> bool:
        """Whether a time lies further ahead than clocks may differ."""
        return low > self.now + FUTURE_TOLERANCE


def context(
    header: Header,
    *,
    now: datetime,
    zone: tzinfo,
    codes: Translator,
    identifier_systems: Mapping[str, str],
) -> Context:
    """Return the context of a message; Refusal where MSH-7 is no time or in the future."""
    written = header.component(7)
    own_zone = has_zone(written) or zone
    try:
        sent = moment(written, zone=own_zone)
    except ValueError as error:
        raise refuse("102", f"MSH-7 is no time: {error}", Location("MSH", 1, 7)) from None
    found = Context(
        application=_name(header, 3),
        facility=_name(header, 4),
        zone=own_zone,
        sent=sent,
        now=now,
        codes=codes,
        identifier_systems=identifier_systems,
    )
    if found.is_future(sent.low):
        # Its corrections would seem older than it, and never be taken.
        raise refuse("102", "MSH-7 lies in the future: mend the clock", Location("MSH", 1, 7))
    return found


def _name(header: Header, number: int) -> str:
    """Return an HD as one name: its namespace, else its universal id."""
    return header.component(number) or header.component(number, 2)
