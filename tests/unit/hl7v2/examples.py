"""Messages of the demo hospital, whole or line by line, and the steps from bytes to resources."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fhir_server.hl7v2 import admission
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.held_profiles import HeldProfiles
from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.mapping.context import Context, Translator, context
from fhir_server.hl7v2.mapping.conversion import Conversion, convert, read
from fhir_server.hl7v2.policy import Policy, Reception
from fhir_server.hl7v2.senders import Peer, Senders
from fhir_server.hl7v2.tokenizer import Message, parse
from fhir_server.hl7v2.working import Worker
from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.store.database import Database
from fhir_server.store.resources import read as read_resource
from terminology.codings import Coding
from terminology.local_codes import LocalCodes

DATA = Path(__file__).parents[2] / "data" / "hl7v2"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

MSH = "MSH|^~\\&|LIS|DEMOHOSP|ATTENDING|DEMOHOSP|20261120103500+0800||ORU^R01^ORU_R01|C1|P|2.5.1"
PID = "PID|1||000123456^^^DEMOHOSP^MR||张^伟||19680312|M"
OBR = "OBR|1|YZ1|LAB1|SG^肾功能^99LIS|||20261120080000+0800|||||||||||||||20261120103000+0800||CH|F"
CREATININE = "OBX|1|NM|CREA^肌酐^99LIS||88|umol/L|57-97|N|||F|||20261120080000+0800"

LOCAL_CODES = LocalCodes(
    {
        ("urn:id:DEMOHOSP:99LIS", "CREA"): Coding(
            "http://loinc.org", "14682-9", "Creatinine [Moles/volume] in Serum or Plasma"
        ),
        ("urn:id:DEMOHOSP:99LIS", "TC"): Coding("http://loinc.org", "14647-2", "Cholesterol"),
    }
)


def message(*lines: str) -> bytes:
    """The bytes of a message of these segments, in UTF-8."""
    return ("\r".join(lines) + "\r").encode()


def with_field(segment: str, number: int, value: str) -> str:
    """The segment with field `number` (of the standard) set."""
    parts = segment.split("|")
    place = number - 1 if parts[0] == "MSH" else number
    parts += [""] * (place + 1 - len(parts))
    parts[place] = value
    return "|".join(parts)


def obx(**fields: str) -> str:
    """The creatinine result with fields set by number: `obx(f5="<90", f11="P")`."""
    segment = CREATININE
    for name, value in fields.items():
        segment = with_field(segment, int(name[1:]), value)
    return segment


def tokens(raw: bytes) -> Message:
    """The message of the bytes, in the character set that it names."""
    header = read_header(raw)
    return parse(raw, header, admission.codec(header, raw, default_charset=""))


def surroundings(raw: bytes, **changed: Any) -> Context:
    """The context of a message at the demo hospital."""
    given: dict[str, Any] = {
        "now": NOW,
        "zone": SHANGHAI,
        "codes": LOCAL_CODES,
        "identifier_systems": {},
    }
    return context(read_header(raw), **(given | changed))


def converted(raw: bytes, **changed: Any) -> Conversion:
    """The conversion of a message whose patients get the ids patient-1, patient-2 ...

    Every resource has been validated.
    """
    found = read(tokens(raw), surroundings(raw, **changed))
    ids = [f"patient-{number}" for number, _ in enumerate(found.patients, start=1)]
    conversion = convert(found, ids)
    for draft in conversion.drafts:
        assert validate(draft.resource) == (), draft.resource
    return conversion


def resources(raw: bytes, type: str, **changed: Any) -> list[dict[str, Any]]:
    """The resources of a type that a message yields, in its order."""
    drafts = converted(raw, **changed).drafts
    return [draft.resource for draft in drafts if draft.resource["resourceType"] == type]


def observation(segment: str, *more: str, msh: str = MSH, **changed: Any) -> dict[str, Any]:
    """The Observation of one OBX of the demo patient."""
    (found,) = resources(message(msh, PID, OBR, segment, *more), "Observation", **changed)
    return found


def demo_patient(raw: bytes, **changed: Any) -> dict[str, Any]:
    """The Patient that a message yields, valid R4."""
    draft = read(tokens(raw), surroundings(raw, **changed)).patients[0]
    assert validate({**draft.resource, "id": draft.new_id}) == ()
    return draft.resource


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


# Where the messages of the tests come from.
LIS = Peer("10.0.0.7")


def intake(
    database: Database,
    clock: Clock,
    *,
    codes: Translator = LOCAL_CODES,
    held: HeldProfiles | None = None,
    senders: Senders | None = None,
    sender_codes: Mapping[str, Translator] = {},
    options: Mapping[str, Any] = {},
    **policy: Any,
) -> Intake:
    """The intake of the demo hospital."""
    return Intake(
        database=database,
        reception=Reception(Policy(zone=SHANGHAI, **policy), codes, senders, sender_codes),
        worker=Worker(database=database, now=clock, held=held),
        now=clock,
        **options,
    )


def stored(database: Database, reference: str) -> dict[str, Any]:
    """The current version of a resource."""
    type, _, id = reference.partition("/")
    return decode(database.read_now(lambda c: read_resource(c, type, id)).body)


def count(database: Database, table: str, **equal: str) -> int:
    """How many rows a table has, of those where columns equal values."""
    where = "".join(f" AND {column} = '{value}'" for column, value in equal.items())
    sql = f"SELECT count(*) FROM {table} WHERE 1{where}"
    return int(database.read_now(lambda c: c.exec_driver_sql(sql).scalar_one()))


def ack_fields(acknowledgment: bytes, codec: str = "utf-8") -> Mapping[str, list[list[str]]]:
    """The segments of an acknowledgment, split into fields, by name."""
    found: dict[str, list[list[str]]] = {}
    for line in acknowledgment.decode(codec).split("\r"):
        if line:
            found.setdefault(line[:3], []).append(line.split("|"))
    return found
