"""Results that wait for a mapping of their code, on both databases."""

from datetime import UTC, datetime

from fhir_server.store import hl7v2_unmapped as unmapped
from fhir_server.store import resources
from fhir_server.store.hl7v2_messages import Origin
from fhir_server.store.hl7v2_origins import Origins

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
LIS = "urn:id:DEMOHOSP:99LIS"
LOINC = {"system": "http://loinc.org", "code": "14682-9"}


def result(id: str, *codings: dict, status: str = "final", **more) -> dict:
    code = more.pop("code", {"coding": list(codings)})
    return {
        "resourceType": "Observation",
        "id": id,
        "status": status,
        "code": code,
        "subject": {"reference": "Patient/p"},
        **more,
    }


def local(code: str, display: str = "", system: str = LIS) -> dict:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def take(connection, observation: dict, *, existed: bool = False, message: str = "m1") -> None:
    """Store a result as a message does, and note it."""
    version = resources.put(connection, observation, now=NOW).version
    Origins(connection, gathers=False).set(
        "Observation", observation["id"], Origin(True, 1, 1, 1, version, message)
    )
    unmapped.note(connection, "DEMOHOSP", [(observation, existed)])


def waiting(connection) -> dict[str, int]:
    return {each.code: each.results for each in unmapped.codes(connection)}


def test_codes_are_listed_by_how_many_results_wait_on_them(connection):
    take(connection, result("a", local("CREA", "肌酐")))
    take(connection, result("b", local("UA", "尿酸")))
    take(connection, result("c", local("UA", "尿酸")))
    take(connection, result("d", LOINC, local("GLU")))
    first, second = unmapped.codes(connection)
    assert (first.code, first.display, first.results) == ("UA", "尿酸", 2)
    assert (second.sender, second.system, second.code) == ("DEMOHOSP", LIS, "CREA")
    assert unmapped.waiting(connection) == (2, 3)


def test_a_result_with_two_local_codes_waits_on_either(connection):
    take(connection, result("a", local("CREA"), local("123", system="urn:id:DEMOHOSP:99HIS")))
    assert waiting(connection) == {"CREA": 1, "123": 1}
    take(connection, result("a", LOINC, local("CREA")), existed=True)
    assert waiting(connection) == {}


def test_a_result_whose_code_is_text_alone_is_counted_too(connection):
    take(connection, result("a", code={"text": "特殊检查"}))
    (found,) = unmapped.codes(connection)
    assert (found.system, found.code, found.display, found.results) == ("", "", "特殊检查", 1)


def test_a_withdrawn_result_waits_no_more(connection):
    take(connection, result("a", local("CREA")))
    take(connection, result("a", local("CREA"), status="entered-in-error"), existed=True)
    assert waiting(connection) == {}
    take(connection, result("b", local("CREA"), status="cancelled"))
    assert waiting(connection) == {}


def test_a_deleted_result_is_not_counted(connection):
    take(connection, result("a", local("CREA")))
    take(connection, result("b", local("CREA")))
    resources.delete(connection, "Observation", "a", now=NOW)
    assert waiting(connection) == {"CREA": 1}


def test_a_result_that_somebody_coded_over_fhir_is_not_counted(connection):
    take(connection, result("a", local("CREA")))
    take(connection, result("b", local("CREA")))
    resources.put(connection, result("a", local("CREA"), LOINC), now=NOW)
    noted = result("b", local("CREA"), note=[{"text": "溶血"}])
    resources.put(connection, noted, now=NOW)
    assert waiting(connection) == {"CREA": 1}


def test_the_messages_that_wait_on_a_code_come_page_by_page(connection):
    for number in range(5):
        take(connection, result(f"a{number}", local("CREA")), message=f"m{number}")
    take(connection, result("b", local("UA")), message="m9")
    of = {(LIS, "CREA")}
    first = unmapped.messages_waiting(connection, of, after="", most=3)
    rest = unmapped.messages_waiting(connection, of, after=first[-1], most=3)
    assert [*first, *rest] == ["m0", "m1", "m2", "m3", "m4"]


def test_a_code_of_any_length_is_stored(connection):
    # A B-tree of PostgreSQL takes 2.7 KB at most; texts that do not compress, so that it counts.
    long = "".join(chr(0x4E00 + (7919 * n) % 20000) for n in range(3000))
    take(connection, result("a", local(long, long)))
    (found,) = unmapped.codes(connection)
    assert found.results == 1
    resources.put(connection, result("a", local(long), note=[{"text": "x"}]), now=NOW)
    assert unmapped.codes(connection)[0].results == 1
