"""Which message wrote which resource: many at once, as one by one, on both databases."""

from fhir_server.store import hl7v2_origins, resources
from fhir_server.store.hl7v2_messages import Origin, origin
from fhir_server.store.hl7v2_origins import Origins
from tests.support.fhir_store import NOW

KEYS = [("Observation", f"o{number}") for number in range(7)]


def by(message: str, version: int = 1) -> Origin:
    return Origin(True, 20, 10, 3, version, message)


def put(connection, key: tuple[str, str]) -> None:
    type, id = key
    body = {"resourceType": type, "id": id, "status": "final", "code": {"text": "HbA1c"}}
    resources.put(connection, body, now=NOW)


def test_what_is_set_is_read_by_others_once_it_is_written(connection):
    found = Origins(connection)
    found.expect(KEYS)
    assert [found.get(*key) for key in KEYS] == [None] * 7
    for key in KEYS:
        found.set(*key, by(key[1]))
    assert found.get(*KEYS[3]) == by("o3")
    assert origin(connection, *KEYS[3]) is None
    found.write()
    assert [origin(connection, *key) for key in KEYS] == [by(key[1]) for key in KEYS]
    # A later message: some are there, some are new, one is set twice.
    Origins(connection, gathers=False).set(*KEYS[0], by("other"))
    later = Origins(connection)
    later.expect([*KEYS, ("Observation", "new")])
    assert later.get(*KEYS[0]) == by("other")
    later.set(*KEYS[0], by("m2", 2))
    later.set(*KEYS[0], by("m2", 3))
    later.set("Observation", "new", by("m2"))
    later.write()
    later.write()
    assert origin(connection, *KEYS[0]) == by("m2", 3)
    assert origin(connection, "Observation", "new") == by("m2")


def test_what_was_never_stored_is_told_from_what_has_no_origin(connection):
    put(connection, KEYS[0])
    found = Origins(connection)
    # Also what has only gathered in this transaction is seen.
    put(connection, KEYS[1])
    found.expect(KEYS[:3])
    assert [found.is_absent(*key) for key in KEYS[:3]] == [False, False, True]
    assert not found.is_absent(*KEYS[4])  # nobody looked
    put(connection, KEYS[2])
    found.set(*KEYS[2], by("m1"))
    assert not found.is_absent(*KEYS[2])
    resources.delete(connection, *KEYS[0], now=NOW)
    later = Origins(connection)
    later.expect(KEYS[:1])
    assert not later.is_absent(*KEYS[0])  # it was there: its next version is not its first


def test_more_than_one_statement_holds(connection, monkeypatch):
    monkeypatch.setattr(hl7v2_origins, "_MOST", 3)
    found = Origins(connection)
    found.expect(KEYS)
    for key in KEYS:
        found.set(*key, by(key[1]))
    found.write()
    later = Origins(connection)
    later.expect(KEYS)
    assert [later.get(*key).message for key in KEYS] == [key[1] for key in KEYS]


def test_of_nothing_nothing_is_asked(connection):
    found = Origins(connection)
    found.expect([])
    found.write()
    assert found.get("Patient", "nobody") is None
