"""Which records are one person's, by Patient.link: never a third person's, never half of them."""

import pytest
from sqlalchemy import Connection

from fhir_server.store import patient_records
from fhir_server.store.same_patient import UnclearMerge, same_person, survivor_of
from tests.support.fhir_store import hba1c, patient, store


def merged(id: str, *into: str, **more) -> dict:
    links = [{"other": {"reference": f"Patient/{each}"}, "type": "replaced-by"} for each in into]
    return patient(id, active=False, link=links, **more)


def replacing(id: str, *others: str, **more) -> dict:
    links = [{"other": {"reference": f"Patient/{each}"}, "type": "replaces"} for each in others]
    return patient(id, link=links, **more)


def test_one_record_is_one_person(connection: Connection) -> None:
    store(connection, patient("a"), patient("b"))
    assert same_person(connection, "a") == ("a",)
    assert same_person(connection, "nobody") == ("nobody",)


def test_a_chain_leads_to_the_survivor_from_each_of_its_records(connection: Connection) -> None:
    store(connection, merged("a", "b"), merged("b", "c"), patient("c"), patient("third"))
    for id in "abc":
        assert survivor_of(connection, id) == "c"
        assert set(same_person(connection, id)) == {"a", "b", "c"}
        assert same_person(connection, id)[0] == "c"


def test_the_merged_record_s_word_is_enough(connection: Connection) -> None:
    # A client that wrote the survivor again without its link must not hide what was merged.
    store(connection, merged("a", "b"), patient("b"))
    assert same_person(connection, "b") == ("b", "a")


def test_a_record_does_not_take_another_to_itself(connection: Connection) -> None:
    # Unmerged over FHIR: the survivor still says `replaces`, the other does not confirm it.
    store(connection, patient("a"), replacing("b", "a"))
    assert same_person(connection, "b") == ("b",)
    assert same_person(connection, "a") == ("a",)


@pytest.mark.parametrize(
    "records",
    [
        [merged("a", "b"), merged("b", "a")],
        [merged("a", "a")],
        [merged("a", "b", "c"), patient("b"), patient("c")],
    ],
    ids=["a circle of two", "itself", "two survivors"],
)
def test_links_that_lead_nowhere_name_nobody(connection: Connection, records) -> None:
    store(connection, *records)
    with pytest.raises(UnclearMerge):
        same_person(connection, "a")


def test_one_who_was_merged_into_two_is_nobody_s(connection: Connection) -> None:
    store(connection, merged("a", "b", "c"), patient("b"), patient("c"))
    with pytest.raises(UnclearMerge):
        same_person(connection, "b")


def test_a_merged_record_s_results_are_read_with_the_survivor_s(connection: Connection) -> None:
    store(
        connection,
        merged("a", "b"),
        patient("b"),
        patient("third"),
        hba1c("of-a", "a"),
        hba1c("of-b", "b"),
        hba1c("of-third", "third"),
    )
    codes = '["4548-4"]'
    for id in "ab":
        found = patient_records._observations(connection, id, codes)
        assert [each.resource["id"] for each in found.entries] == ["of-b", "of-a"]
        assert found.complete


def test_unclear_links_give_nothing_and_say_that_it_is_not_all(connection: Connection) -> None:
    store(connection, merged("a", "b"), merged("b", "a"), hba1c("of-a", "a"))
    found = patient_records._observations(connection, "a", '["4548-4"]')
    assert (found.entries, found.complete) == ((), False)
    assert patient_records._patient(connection, "a") is None


def test_an_identifier_of_unclear_records_fits_several(connection: Connection) -> None:
    # cds_hooks.gather then uses nothing of the store, and the card says why.
    number = [{"system": "urn:id:H", "value": "7"}]
    store(connection, merged("a", "b", identifier=number), merged("b", "a"))
    found = patient_records._identified(connection, [("urn:id:H", "7")])
    assert {each.id for each in found} == {"a", "b"}
