"""What a hospital decides about its messages, and what of it is another for one sender."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from fhir_server.hl7v2 import admission
from fhir_server.hl7v2.header import Header, read_header
from fhir_server.hl7v2.mapping.context import Translator
from fhir_server.hl7v2.modes import Mode, mode_of
from fhir_server.hl7v2.problems import Location, Problem
from fhir_server.hl7v2.senders import AcknowledgeWhen, Peer, Sender, Senders


@dataclass(frozen=True, slots=True)
class Policy:
    """What a hospital decides about its messages.

    `zone` is that of times without an offset; `default_charset` (a name of table 0211, "" for
    strict UTF-8) that of messages without MSH-18, `charset_always` of all, whatever they declare;
    `identifier_systems` maps the name of an assigning authority to its URI; `processing_ids` are
    those taken into the record (MSH-11). `acknowledge`: AA in original mode follows when the
    message is in the record (`processed`) or when it is kept (`stored`).
    """

    zone: tzinfo
    default_charset: str = ""
    charset_always: str = ""
    identifier_systems: Mapping[str, str] = field(default_factory=dict)
    processing_ids: frozenset[str] = frozenset(("P",))
    acknowledge: AcknowledgeWhen = "processed"

    def header(self, raw: bytes) -> Header:
        """Return the header of a message under this policy."""
        return read_header(
            raw, default_charset=self.default_charset, charset_always=self.charset_always
        )


@dataclass(frozen=True, slots=True)
class Sending:
    """How one message is read: its header, and the policy and local codes of its sender.

    `unregistered` says why nobody may send it from there, None where somebody may.
    """

    header: Header
    policy: Policy
    codes: Translator
    unregistered: Problem | None = None

    @property
    def mode(self) -> Mode:
        """Which acknowledgments it asks for."""
        return mode_of(self.header)

    def admit(self) -> None:
        """Refuse a header that is not for this server: Refusal (AR or AE)."""
        admission.admit(self.header, processing_ids=self.policy.processing_ids)

    @property
    def sender(self) -> str:
        """MSH-3 and MSH-4 as they came, or as the sender that stands in is registered."""
        return f"{self.header.field(3)}|{self.header.field(4)}"


@dataclass(frozen=True, slots=True)
class Reception:
    """Tells how each message is read, by the senders that are registered, if there are any.

    `sender_codes` are the local codes of senders that have tables of their own, by sender name.
    """

    policy: Policy
    codes: Translator
    senders: Senders | None = None
    sender_codes: Mapping[str, Translator] = field(default_factory=dict)

    @property
    def translators(self) -> tuple[Translator, ...]:
        """The tables of local codes: the hospital's, and those of senders with their own."""
        return (self.codes, *self.sender_codes.values())

    def arriving(self, raw: bytes, peer: Peer) -> Sending:
        """Return how a message that comes from `peer` is read."""
        header = self.policy.header(raw)
        if self.senders is None:
            return Sending(header, self.policy, self.codes)
        # MSH is needed to tell the sender, and the sender to read MSH: names are ASCII in practice.
        sender = self.senders.find(header.component(3), header.component(4), peer)
        if sender is None:
            return Sending(header, self.policy, self.codes, _unregistered(header))
        return self._of(sender, raw)

    def stored(self, raw: bytes, sender: str) -> Sending:
        """Return how a stored message is read; where it came from was judged when it came."""
        header = self.policy.header(raw)
        if self.senders is None:
            return Sending(header, self.policy, self.codes)
        names = (header.component(3), header.component(4))
        if names == ("", ""):
            application, _, facility = sender.partition("|")
            names = (application, facility)
        known = self.senders.by_name.get(names)
        return Sending(header, self.policy, self.codes) if known is None else self._of(known, raw)

    def _of(self, sender: Sender, raw: bytes) -> Sending:
        policy = replace(
            self.policy,
            zone=sender.zone or self.policy.zone,
            default_charset=sender.charset or self.policy.default_charset,
            charset_always=sender.charset_always,
            processing_ids=(
                self.policy.processing_ids
                if sender.processing_ids is None
                else sender.processing_ids
            ),
            acknowledge=sender.acknowledge or self.policy.acknowledge,
        )
        header = policy.header(raw)
        if not header.field(3) and not header.field(4) and header.problem is None:
            header = header.sent_by(sender.application, sender.facility)
        return Sending(header, policy, self.sender_codes.get(sender.name, self.codes))


def _unregistered(header: Header) -> Problem | None:
    """Return the refusal of a message whose sender nobody registered, for that address.

    A header that cannot be read is refused for that; it names nobody.
    """
    if header.problem is not None:
        return None
    text = (
        "MSH-3 and MSH-4 name no sender that is registered for the address and the certificate "
        "that the message came from"
    )
    return Problem("204", text, Location("MSH", 1, 3))
