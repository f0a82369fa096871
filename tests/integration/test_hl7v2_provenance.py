"""From a result back to the bytes that said it, over FHIR alone: GET Provenance?target=..."""

import pytest

from fhir_server.hl7v2.mapping.provenance import SOURCE
from tests.support.server import serving
from tests.unit.hl7v2.examples import DATA, MSH, OBR, PID, message, obx, with_field

pytestmark = pytest.mark.anyio

HL7 = {"Content-Type": "application/hl7-v2"}
ESCAPED = message(
    MSH,
    with_field(PID, 5, "聞^聟"),
    OBR,
    obx(f2="ST", f5=r"弱阳性\.br\3\S\5\XE4BDA0\ ", f6="", f7=""),
    "NTE|1|L|标本溶血",
)


async def segments_of(client, raw: bytes, reference: str) -> list[tuple[str, bytes]]:
    """Name and bytes of each segment that a resource is made of."""
    found = (await client.get("/fhir/Provenance", params={"target": reference})).json()
    (entry,) = found["entry"]
    (target,) = [each for each in entry["resource"]["target"] if each["reference"] == reference]
    sources = [e["valueString"] for e in target["extension"] if e["url"] == SOURCE]
    spans = [source.partition(";") for source in sources]
    return [(name, raw[slice(*map(int, span.split("-")))]) for name, _, span in spans]


async def test_a_result_leads_to_its_segments_in_utf_8(tmp_path):
    async with serving(tmp_path) as client:
        assert (await client.post("/hl7v2", content=ESCAPED, headers=HL7)).status_code == 200
        (entry,) = (await client.get("/fhir/Observation")).json()["entry"]
        lines = ESCAPED.split(b"\r")
        reference = f"Observation/{entry['resource']['id']}"
        assert await segments_of(client, ESCAPED, reference) == [
            ("OBX^1", lines[3]), ("NTE^1", lines[4]),
        ]  # fmt: skip
        report = (await client.get("/fhir/DiagnosticReport")).json()["entry"][0]["resource"]
        reference = f"DiagnosticReport/{report['id']}"
        assert await segments_of(client, ESCAPED, reference) == [("OBR^1", lines[2])]


async def test_each_result_of_a_gb18030_message_leads_to_its_own_bytes(tmp_path):
    raw = (DATA / "zh_lipids_renal_gb18030.hl7").read_bytes()
    lines = raw.replace(b"\n", b"\r").split(b"\r")
    async with serving(tmp_path) as client:
        assert (await client.post("/hl7v2", content=raw, headers=HL7)).status_code == 200
        entries = (await client.get("/fhir/Observation", params={"_count": "50"})).json()["entry"]
        assert len(entries) > 3
        led_to = []
        for entry in entries:
            observed = entry["resource"]
            sources = await segments_of(client, raw, f"Observation/{observed['id']}")
            name, stands = sources[0]
            assert name.startswith("OBX^")
            text = stands.decode("gb18030").split("|")
            assert observed["code"]["coding"][0]["code"] == text[3].split("^")[0]
            assert stands in lines
            led_to.append(name)
        assert len(set(led_to)) == len(entries)
