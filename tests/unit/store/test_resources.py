"""Versions of a resource: numbered, kept, lossless."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from fhir_server.r4.codec import decode
from fhir_server.r4.outcome import FhirError, Gone, NotFound, VersionConflict
from fhir_server.store import resources
from fhir_server.store.statements import driver
from tests.support.fhir_store import NOW, hba1c, patient, store


def test_a_stored_result_keeps_the_spelling_of_its_value(connection: Connection) -> None:
    body = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"LDL"},'
        b'"valueQuantity":{"value":1.00,"unit":"mmol/L"},'
        b'"referenceRange":[{"high":{"value":3.40}}],"component":[{"code":{"text":"x"},'
        b'"valueQuantity":{"value":12345678901234567.890}}]}'
    )
    stored = resources.create(connection, decode(body), now=NOW)
    kept = resources.read(connection, "Observation", stored.id).body
    for number in (b'"value":1.00,', b'"value":3.40}', b'"value":12345678901234567.890}'):
        assert number in kept


def test_the_server_sets_version_and_time_and_keeps_the_rest_of_meta(
    connection: Connection,
) -> None:
    given = patient("p1", meta={"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z",
                                "source": "urn:lis:1"})  # fmt: skip
    stored = resources.put(connection, given, now=datetime(2026, 5, 11, 8, 0, 0, 123999, UTC))
    meta = decode(stored.body)["meta"]
    assert meta == {
        "versionId": "1", "lastUpdated": "2026-05-11T08:00:00.123Z", "source": "urn:lis:1",
    }  # fmt: skip
    assert stored.last_updated == datetime(2026, 5, 11, 8, 0, 0, 123000, UTC)
    assert given["meta"]["versionId"] == "77"  # the caller's resource is left alone
    assert list(decode(stored.body))[:3] == ["resourceType", "id", "meta"]


def test_create_assigns_ids_in_order_of_time(connection: Connection) -> None:
    first = resources.create(connection, patient("mine"), now=NOW)
    second = resources.create(connection, patient("mine"), now=NOW + timedelta(seconds=1))
    assert first.id != "mine"
    assert first.created
    assert len(first.id) == 36
    assert first.id[14] == "7"  # UUID version 7
    assert first.id < second.id
    assert decode(first.body)["id"] == first.id


def test_versions_are_kept_side_by_side(connection: Connection) -> None:
    resources.put(connection, patient("p1", family="王"), now=NOW)
    second = resources.put(connection, patient("p1", family="李"), now=NOW)
    assert (second.version, second.created) == (2, False)
    assert "王" in resources.read_version(connection, "Patient", "p1", 1).body.decode()
    assert "李" in resources.read(connection, "Patient", "p1").body.decode()
    with pytest.raises(FhirError, match="no version 3") as missing:
        resources.read_version(connection, "Patient", "p1", 3)
    assert missing.value.status == 404


def test_an_expected_version_guards_an_update(connection: Connection) -> None:
    resources.put(connection, patient("p1"), now=NOW)
    resources.put(connection, patient("p1"), now=NOW, expected_version=1)
    with pytest.raises(VersionConflict, match="version 2, the request expects 1"):
        resources.put(connection, patient("p1"), now=NOW, expected_version=1)
    with pytest.raises(VersionConflict):
        resources.put(connection, patient("never"), now=NOW, expected_version=1)
    with pytest.raises(VersionConflict):
        resources.delete(connection, "Patient", "p1", now=NOW, expected_version=1)
    assert resources.read(connection, "Patient", "p1").version == 2


def test_a_deleted_resource_is_gone_and_may_come_back(connection: Connection) -> None:
    resources.put(connection, patient("p1"), now=NOW)
    gone = resources.delete(connection, "Patient", "p1", now=NOW)
    assert (gone.version, gone.deleted) == (2, True)
    assert resources.delete(connection, "Patient", "p1", now=NOW) == gone
    with pytest.raises(Gone):
        resources.read(connection, "Patient", "p1")
    with pytest.raises(Gone):
        resources.read_version(connection, "Patient", "p1", 2)
    assert resources.read_version(connection, "Patient", "p1", 1).version == 1
    back = resources.put(connection, patient("p1"), now=NOW)
    assert (back.version, back.created) == (3, True)


def test_what_never_was_is_not_found(connection: Connection) -> None:
    with pytest.raises(NotFound):
        resources.read(connection, "Patient", "p1")
    with pytest.raises(NotFound):
        resources.read_version(connection, "Patient", "p1", 1)
    with pytest.raises(NotFound):
        resources.delete(connection, "Patient", "p1", now=NOW)


def test_a_body_is_stored_once_and_index_rows_follow_the_version(connection: Connection) -> None:
    run = driver(connection).execute
    store(connection, hba1c("o1"))
    rows = run("SELECT count(*) FROM token_index").fetchone()
    store(connection, hba1c("o1"))
    assert run("SELECT count(*) FROM token_index").fetchone() == rows
    assert run("SELECT count(*) FROM resource_version").fetchone() == (2,)
    resources.delete(connection, "Observation", "o1", now=NOW)
    for index in ("token_index", "date_index", "reference_index", "string_index"):
        assert run(f"SELECT count(*) FROM {index}").fetchone() == (0,)


def test_a_time_without_zone_is_refused(connection: Connection) -> None:
    with pytest.raises(ValueError, match="time zone"):
        resources.put(connection, patient("p1"), now=datetime(2026, 5, 11))  # noqa: DTZ001
