"""The senders that a hospital has registered: who may send HL7v2 messages, from where, and how.

The file is JSON: `{"senders": [{"name", "application", "facility", "addresses", ...}]}`;
docs/how-to/hl7v2.md describes each field. Without a file anybody who may connect may send.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from fhir_server.hl7v2.charset import SUPPORTED, codec_of

Network: TypeAlias = IPv4Network | IPv6Network
# When a message is acknowledged in original mode: once it is in the record, or once it is kept.
AcknowledgeWhen: TypeAlias = Literal["processed", "stored"]


class SenderFileError(Exception):
    """The file of senders cannot be used; names the file, the field and what would mend it."""

    def __init__(self, path: Path, place: str, problem: str) -> None:
        super().__init__(f"{path}: {place}: {problem}")
        self.place = place


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a message came from: address, names in its certificate, or the client over HTTP.

    Both have been verified where they are given.
    """

    address: str
    names: tuple[str, ...] = ()
    client: str = ""

    def __str__(self) -> str:
        known_as = [*self.names, *([self.client] if self.client else [])]
        return f"{self.address} ({', '.join(known_as)})" if known_as else self.address


@dataclass(frozen=True, slots=True)
class Sender:
    """One registered sender; a field that is None or empty leaves the hospital's own setting.

    `charset` (table 0211) reads messages without MSH-18; `charset_always` reads all, whatever
    MSH-18 says, for a sender that is known to declare it wrongly. `certificates` are names in
    its certificate (MLLP), `clients` registered clients (HTTP); one of them must fit where there
    are any. `stands_in`: messages without MSH-3 and MSH-4 that come from there are its own.
    """

    name: str
    application: str
    facility: str
    addresses: tuple[Network, ...] = ()
    certificates: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    charset: str = ""
    charset_always: str = ""
    zone: ZoneInfo | None = None
    processing_ids: frozenset[str] | None = None
    acknowledge: AcknowledgeWhen | None = None
    local_codes: Path | None = None
    stands_in: bool = False

    def sends_from(self, peer: Peer) -> bool:
        """Whether a message of this sender may come from `peer`."""
        if self.addresses and not is_within(peer.address, self.addresses):
            return False
        if not self.certificates and not self.clients:
            return True
        return peer.client in self.clients or not self.certificates.isdisjoint(peer.names)


@dataclass(frozen=True, slots=True)
class Senders:
    """The registered senders by MSH-3.1 and MSH-4.1."""

    by_name: Mapping[tuple[str, str], Sender]
    standing_in: Sequence[Sender] = field(default=())

    def find(self, application: str, facility: str, peer: Peer) -> Sender | None:
        """Return who sends under these names from there, None where nobody is registered so.

        Both names empty: the one sender from there that stands in for such messages; where there
        are two, which of them it is cannot be told.
        """
        if application or facility:
            found = self.by_name.get((application, facility))
            return found if found is not None and found.sends_from(peer) else None
        standing = [each for each in self.standing_in if each.sends_from(peer)]
        return standing[0] if len(standing) == 1 else None

    def __iter__(self) -> Iterator[Sender]:
        return iter(self.by_name.values())


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an IP address lies in one of `networks`; text that is no address lies in none."""
    try:
        # An IPv4 peer of a listener on all addresses shows as ::ffff:192.0.2.1 (RFC 4291).
        found = ip_address(address.partition("%")[0])
        found = getattr(found, "ipv4_mapped", None) or found
    except ValueError:
        return False
    return any(found in network for network in networks if network.version == found.version)


def network(text: str) -> Network:
    """Return an address or a range in CIDR; ValueError where it is neither."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no IP address and no range such as 10.1.0.0/16") from error


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    application: str = ""
    facility: str = ""
    addresses: list[str] = []
    certificates: list[str] = []
    clients: list[str] = []
    charset: str = ""
    charset_always: str = ""
    timezone: str = ""
    processing_ids: list[Literal["P", "D", "T"]] | None = None
    acknowledge: AcknowledgeWhen | None = None
    local_codes: str = ""
    stands_in: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    senders: list[_Entry]


def load_senders(path: Path) -> Senders:
    """Read the registered senders; SenderFileError at the first field that is wrong."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as fault:
        problem = f"cannot be read ({fault.strerror}); it should be the JSON file of the senders"
        raise SenderFileError(path, "file", problem) from fault
    except msgspec.ValidationError as fault:
        problem, _, place = str(fault).partition(" - at ")
        raise SenderFileError(path, place.strip("`") or "$", problem) from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise SenderFileError(path, "file", f"is not JSON ({fault})") from fault
    if not file.senders:
        raise SenderFileError(path, "$.senders", "is empty: nobody could send; register a sender")
    found: dict[tuple[str, str], Sender] = {}
    names: set[str] = set()
    for index, entry in enumerate(file.senders):
        place = f"$.senders[{index}]"
        sender = _sender(path, place, entry)
        if found.setdefault((sender.application, sender.facility), sender) is not sender:
            both = f"application {sender.application!r} with facility {sender.facility!r}"
            raise SenderFileError(path, place, f"{both} is registered twice; keep one of the two")
        if sender.name in names:
            problem = f"{sender.name!r} names two senders; give each a name of its own"
            raise SenderFileError(path, f"{place}.name", problem)
        names.add(sender.name)
    return Senders(found, tuple(each for each in found.values() if each.stands_in))


def _sender(path: Path, place: str, entry: _Entry) -> Sender:
    for problem in _problems(entry):
        raise SenderFileError(path, f"{place}.{problem[0]}", problem[1])
    try:
        addresses = tuple(network(each) for each in entry.addresses)
    except ValueError as fault:
        raise SenderFileError(path, f"{place}.addresses", str(fault)) from fault
    try:
        zone = ZoneInfo(entry.timezone) if entry.timezone else None
    except (ZoneInfoNotFoundError, ValueError) as fault:
        text = f"{entry.timezone!r} is no IANA time zone, such as Asia/Shanghai"
        raise SenderFileError(path, f"{place}.timezone", text) from fault
    return Sender(
        name=entry.name,
        application=entry.application,
        facility=entry.facility,
        addresses=addresses,
        certificates=frozenset(entry.certificates),
        clients=frozenset(entry.clients),
        charset=entry.charset,
        charset_always=entry.charset_always,
        zone=zone,
        processing_ids=None if entry.processing_ids is None else frozenset(entry.processing_ids),
        acknowledge=entry.acknowledge,
        # Beside the file that names it: the two are moved together.
        local_codes=path.parent / entry.local_codes if entry.local_codes else None,
        stands_in=entry.stands_in,
    )


def _problems(entry: _Entry) -> Iterator[tuple[str, str]]:
    """Yield (field, problem) of an entry."""
    yield from _name_problems(entry)
    if not entry.application and not entry.facility:
        yield "application", "is empty and so is facility: name what MSH-3 and MSH-4 hold"
    if entry.processing_ids == []:
        yield "processing_ids", "is empty: no message could be taken; name some of P, D and T"
    for name in ("charset", "charset_always"):
        value = getattr(entry, name)
        if value and codec_of(value) is None:
            yield name, f"{value!r} is no character set that is read here; {SUPPORTED} are"
    if entry.stands_in and not (entry.addresses or entry.certificates or entry.clients):
        problem = "needs addresses, certificates or clients: else everybody would be this sender"
        yield "stands_in", problem


def _name_problems(entry: _Entry) -> Iterator[tuple[str, str]]:
    if not entry.name:
        yield "name", "is blank; it is how people call this sender"
    for name in ("name", "application", "facility"):
        if getattr(entry, name) != getattr(entry, name).strip():
            yield name, "has blanks at its ends; write it as it stands in the message"
    for name in ("certificates", "clients"):
        if "" in getattr(entry, name):
            yield name, "holds a blank name; remove it"
