"""Who may see one patient only is told nothing of another, by whichever door.

Every door is tried twice: open, where it must show what is looked for (a test that cannot fail
proves nothing), and as the restricted client, where it must not.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.fhir_http import FHIR, pages_from, problem
from tests.support.fhir_store import hba1c, patient
from tests.support.two_patients import CODE, OWN, SECRET, to, two_patients

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with two_patients() as opened:
        yield opened


# A door, and what it shows of the second patient to whom everything is open.
DOORS = [
    ("Patient/zz-p", SECRET),
    ("Observation/zz-o", SECRET),
    ("Observation/zz-o?_elements=note", SECRET),
    ("Observation/zz-o/_history/1", SECRET),
    ("Observation/zz-moved/_history/1", SECRET),
    ("Observation/zz-gone/_history/1", SECRET),
    ("Observation/own-fixed/_history/1", SECRET),
    ("Observation/own-fixed/_history", SECRET),
    ("Observation?_id=own-after&_include=Observation:has-member", SECRET),
    ("Observation/zz-o/_history", SECRET),
    ("Observation/zz-moved/_history", SECRET),
    ("Observation/zz-gone/_history", SECRET),
    ("Observation/_history", SECRET),
    ("Patient/_history?_count=1", SECRET),
    ("_history?_count=100", SECRET),
    ("_history?_since=2026&_count=100", "zz-gone"),
    ("Task/zz-t", SECRET),
    ("Device/zz-d", SECRET),
    ("Binary/zz-b", "WlpTRUNSRVQ="),
    ("Basic/zz-n", SECRET),
    ("Bundle/zz-u", SECRET),
    ("Patient", SECRET),
    ("Patient?name=zzsecret", SECRET),
    ("Patient?_sort=-_lastUpdated&_count=1", SECRET),
    ("Patient?_id=zz-p,p1", SECRET),
    ("Patient?link=Patient/p1", SECRET),
    ("Observation", SECRET),
    ("Observation?code=urn:secret|zz-code", SECRET),
    ("Observation?code:not=4548-4", SECRET),
    ("Observation?subject:missing=false", SECRET),
    ("Observation?_tag=zz-tag&_summary=true", "zz-o"),
    ("Observation?patient=zz-p", SECRET),
    ("Observation?subject:Patient.name=zzsecret", SECRET),
    ("Observation?performer:Practitioner.name=other", SECRET),
    ("Provenance", SECRET),
    ("Task", SECRET),
    ("Device", SECRET),
    ("Basic", SECRET),
    ("Bundle", SECRET),
    # Through what is shared, or one's own, to what is not.
    ("Practitioner?_has:Observation:performer:code=zz-code", '"d2"'),
    ("Practitioner?_has:Observation:performer:patient=Patient/zz-p", '"d2"'),
    ("Organization?_has:Patient:organization:name=zzsecret", '"clinic"'),
    ("Medication?_has:MedicationRequest:medication:patient=zz-p", '"m1"'),
    ("Patient?_has:Patient:link:name=zzsecret", '"p1"'),
    ("Observation?focus:Patient.name=zzsecret", '"own-o"'),
    ("Observation?has-member.code=zz-code", '"own-o"'),
    ("Observation?_id=own-o&_include=*", SECRET),
    ("Observation?_id=own-o&_include=Observation:focus", SECRET),
    ("Observation?_id=own-o&_include=Observation:has-member", SECRET),
    ("Observation?_id=own-o&_include=Observation:derived-from", SECRET),
    ("Observation?_id=own-o&_include:iterate=*&_revinclude:iterate=*", SECRET),
    ("Patient?_id=p1&_revinclude=Patient:link", SECRET),
    ("Organization?_revinclude=Patient:organization", SECRET),
    ("Organization?_revinclude=*", SECRET),
    ("Practitioner?_revinclude=Observation:performer", SECRET),
    ("Practitioner?_revinclude=Task:owner", SECRET),
    ("Medication?_revinclude=MedicationRequest:medication", SECRET),
    ("Patient/zz-p/Observation", SECRET),
    ("Patient/zz-p/*", SECRET),
    ("Patient/p1/Patient", SECRET),
    ("Patient/p1/*", SECRET),
    ("Patient/zz-p/$everything", SECRET),
    ("Patient/p1/$everything", SECRET),
    ("Observation/$lastn?patient=zz-p&code=zz-code", SECRET),
    ("Observation/$lastn?subject:missing=false&patient=p1,zz-p&code=zz-code", SECRET),
    ("Observation/zz-o/$meta", SECRET),
    ("Observation/$meta", SECRET),
    ("Observation/$meta", "zz-profile"),
    ("$meta", SECRET),
    ("Observation/zz-o/$validate", "valid"),
    ("Observation/zz-o/$validate?mode=delete", "can be deleted"),
]


@pytest.mark.parametrize(("url", "shown"), DOORS)
async def test_no_door_leaks(client: httpx.AsyncClient, url: str, shown: str) -> None:
    assert shown in (await client.get(url)).text
    answer = await client.get(url, headers=OWN)
    assert answer.status_code in (200, 404)
    assert "etag" not in answer.headers
    check_says_nothing(answer, url, shown)


def is_entry(url: str) -> bool:
    """A read with parameters is no entry of a Bundle, nor is an operation."""
    path, mark, _query = url.partition("?")
    is_read = path.count("/") == 1 and "_history" not in path
    return "$" not in url and not (is_read and mark)


@pytest.mark.parametrize(("url", "shown"), [door for door in DOORS if is_entry(door[0])])
async def test_no_entry_of_a_bundle_leaks(client: httpx.AsyncClient, url: str, shown: str) -> None:
    body = batch(url)
    assert shown in (await client.post("http://test/fhir", json=body, headers=FHIR)).text
    answer = await client.post("http://test/fhir", json=body, headers=FHIR | OWN)
    assert answer.status_code == 200
    check_says_nothing(answer, url, shown)


@pytest.mark.parametrize(
    ("url", "shown"), [door for door in DOORS if door[0].split("?")[0].isalpha()]
)
async def test_no_search_by_form_leaks(client: httpx.AsyncClient, url: str, shown: str) -> None:
    type, _, query = url.partition("?")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert shown in (await client.post(f"{type}/_search", content=query, headers=form)).text
    answer = await client.post(f"{type}/_search", content=query, headers=form | OWN)
    assert answer.status_code == 200
    check_says_nothing(answer, url, shown)


def batch(*urls: str) -> dict[str, Any]:
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


def check_says_nothing(answer: httpx.Response, url: str, shown: str) -> None:
    """What the client itself asked for by name, the answer may repeat; nothing else."""
    if not (shown.startswith("zz-") and shown in url):
        body = answer.text
        if "link" in body and answer.status_code == 200 and "own-o" in body:
            # The own result names its focus; that reference is the client's own record.
            body = body.replace('"Patient/zz-p"', "").replace('"Observation/zz-o', "")
        assert shown not in body
        assert SECRET not in body
        assert "zz-" in url or "zz-" not in body


@pytest.mark.parametrize(
    ("hidden", "absent"),
    [
        ("Observation/zz-o", "Observation/no-o"),
        ("Observation/zz-gone", "Observation/no-gone"),
        ("Observation/zz-o/_history/1", "Observation/no-o/_history/1"),
        ("Observation/zz-o/_history/9", "Observation/no-o/_history/9"),
        ("Observation/zz-o/_history", "Observation/no-o/_history"),
        ("Patient/zz-p/Observation", "Patient/no-p/Observation"),
        ("Patient/zz-p/$everything", "Patient/no-p/$everything"),
        ("Observation/zz-o/$meta", "Observation/no-o/$meta"),
        ("Observation/$lastn?patient=zz-p&code=x", "Observation/$lastn?patient=no-p&code=x"),
        ("Observation?_tag=zz-tag&_total=accurate", "Observation?_tag=no-tag&_total=accurate"),
    ],
)
async def test_what_is_hidden_is_answered_like_what_is_not_there(
    client: httpx.AsyncClient, hidden: str, absent: str
) -> None:
    one = await client.get(hidden, headers=OWN | {"If-None-Match": "*"})
    other = await client.get(absent, headers=OWN | {"If-None-Match": "*"})
    assert one.status_code == other.status_code
    assert one.text.replace("zz-", "no-") == other.text


async def test_the_own_record_is_open(client: httpx.AsyncClient) -> None:
    for url in ("Patient/p1", "Observation/own-o", "Observation/own-o/_history/1",
                "Organization/clinic", "Medication/m1", "Practitioner/d2"):  # fmt: skip
        assert (await client.get(url, headers=OWN)).status_code == 200
    found = (await client.get("Observation?_total=accurate&_include=*", headers=OWN)).json()
    assert found["total"] == 3
    ids = [entry["resource"]["id"] for entry in found["entry"]]
    assert ids == ["own-o", "own-fixed", "own-after", "p1", "d1"]
    record = (await client.get("Patient/p1/$everything", headers=OWN)).json()
    ids = [entry["resource"]["id"] for entry in record["entry"]]
    assert sorted(ids) == ["clinic", "d1", "own-after", "own-fixed", "own-o", "p1"]
    history = (await client.get("_history", headers=OWN)).json()
    assert len(history["entry"]) == 8  # the shared four and the own four
    versions = [page["entry"] async for page in pages_from(client, "_history?_count=1", **OWN)]
    assert [entry for page in versions for entry in page] == history["entry"]
    assert {len(page) for page in versions} == {1}
    both = {"X-Patients": "p1,zz-p"}
    assert (await client.get("Observation?_summary=count", headers=both)).json()["total"] == 5


async def test_nobody_is_open_without_a_patient(client: httpx.AsyncClient) -> None:
    nobody = {"X-Patients": ""}
    for url in ("Patient", "Observation", "Patient/p1/*"):
        assert "entry" not in (await client.get(url, headers=nobody)).json()


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("PUT", "Observation/zz-o", hba1c("zz-o", "p1"), 404),
        ("PUT", "Observation/zz-o", hba1c("zz-o", "zz-p"), 404),
        ("PUT", "Observation/zz-gone", hba1c("zz-gone", "p1"), 404),
        ("PUT", "Observation/zz-moved", hba1c("zz-moved", "p1"), 404),
        ("PUT", "Observation/own-o", hba1c("own-o", "zz-p"), 403),
        ("PUT", "Observation/new", hba1c("new", "zz-p"), 403),
        ("PUT", "Observation/new", {**hba1c("new"), "subject": {"display": "p1"}}, 403),
        ("POST", "Observation", hba1c("new", "zz-p"), 403),
        ("POST", "Patient", patient("p1", "Another"), 403),
        ("PUT", "Patient/zz-p", patient("zz-p", "Own"), 404),
        ("PUT", "Patient/p3", patient("p3", "Own"), 403),
        ("PUT", "Organization/clinic", {"resourceType": "Organization", "id": "clinic",
                                        "name": "mine"}, 403),
        ("DELETE", "Organization/clinic", None, 403),
        ("DELETE", "Observation/zz-o", None, 404),
        ("DELETE", "Observation/zz-gone", None, 404),
        ("POST", "Observation/zz-o/$meta-add",
         {"resourceType": "Parameters",
          "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}]}, 404),
        ("PUT", "Observation?identifier=urn:x|1", {**hba1c("zz-o"), "status": "final"}, 404),
    ],
)  # fmt: skip
async def test_nothing_is_written_outside_the_own_record(
    client: httpx.AsyncClient, method: str, url: str, body: Any, status: int
) -> None:
    before = (await client.get("_history?_count=1000")).json()["entry"]
    answer = await client.request(method, url, json=body, headers=FHIR | OWN)
    assert problem(answer)[0] == status
    assert SECRET not in answer.text
    assert (await client.get("_history?_count=1000")).json()["entry"] == before


async def test_a_patch_stays_in_the_own_record(client: httpx.AsyncClient) -> None:
    headers = OWN | {"Content-Type": "application/json-patch+json"}
    move = [{"op": "replace", "path": "/subject/reference", "value": "Patient/zz-p"}]
    for url, status in (("Observation/own-o", 403), ("Observation/zz-o", 404)):
        assert problem(await client.patch(url, json=move, headers=headers))[0] == status
    fine = [{"op": "replace", "path": "/status", "value": "amended"}]
    assert (await client.patch("Observation/own-o", json=fine, headers=headers)).status_code == 200


async def test_writes_in_the_own_record(client: httpx.AsyncClient) -> None:
    headers = FHIR | OWN
    assert (await client.post("Observation", json=hba1c("x", "p1"), headers=headers)).is_success
    own = hba1c("mine", "p1", subject=to("http://test/fhir/Patient/p1"))
    assert (await client.put("Observation/mine", json=own, headers=headers)).status_code == 201
    answer = await client.put("Patient/p1", json=patient("p1", "New"), headers=headers)
    assert answer.status_code == 200
    assert (await client.delete("Observation/mine", headers=headers)).status_code == 204


async def test_criteria_do_not_match_what_is_hidden(client: httpx.AsyncClient) -> None:
    """To say 200 or 412 instead of 201 would tell that there is such a record."""
    by = "identifier=urn:lab|zz-1"
    new = hba1c("x", "p1", identifier=[{"system": "urn:lab", "value": "zz-1"}])
    answer = await client.post(
        "Observation", json=new, headers=FHIR | OWN | {"If-None-Exist": "code=urn:secret|zz-code"}
    )
    assert answer.status_code == 201
    del new["id"]
    assert (await client.delete(f"Observation?{by}&status=final", headers=OWN)).status_code == 204
    assert (await client.get("Observation/zz-o")).status_code == 200
    answer = await client.put(f"Observation?{by}", json=new, headers=FHIR | OWN)
    assert answer.status_code == 201
    only = FHIR | OWN | {"If-None-Match": "*"}
    hidden = await client.put("Observation/zz-o", json=hba1c("zz-o", "p1"), headers=only)
    assert hidden.status_code == 404


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ([("POST", "Observation", hba1c("a", "p1")), ("POST", "Observation", hba1c("b", "zz-p"))],
         403),
        ([("PUT", "Observation/zz-o", hba1c("zz-o", "p1"))], 404),
        ([("DELETE", "Observation/zz-o", None)], 404),
        ([("POST", "Patient", patient("p1"))], 403),
        ([("POST", "Observation", {**hba1c("a", "p1"),
                                   "focus": [to("Patient?identifier=urn:mrn|zz-mrn")]})], 412),
    ],
)  # fmt: skip
async def test_a_transaction_stays_in_the_own_record(
    client: httpx.AsyncClient, entries: list[tuple[str, str, Any]], status: int
) -> None:
    before = (await client.get("_history?_count=1000")).json()["entry"]
    written = [
        {"request": {"method": method, "url": url}, **({"resource": body} if body else {})}
        for method, url, body in entries
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": written}
    answer = await client.post("http://test/fhir", json=bundle, headers=FHIR | OWN)
    assert problem(answer)[0] == status
    assert (await client.get("_history?_count=1000")).json()["entry"] == before


async def test_codes_of_hidden_records_are_not_in_use(client: httpx.AsyncClient) -> None:
    own = (await client.get("Observation/$meta", headers=OWN)).json()["parameter"][0]["valueMeta"]
    assert own.keys() == {"extension"}
    assert CODE["coding"][0]["code"] not in str(own)
