"""Kinship by code, held against R4's own RoleCode."""

import csv
from collections.abc import Iterator
from importlib.resources import files

import pytest

from fhir_server.r4.own_terminology import own_terminology
from terminology.codings import SNOMED, Coding
from terminology.relatives import ROLE_CODE, kinship


def listed() -> list[dict[str, str]]:
    text = files("terminology").joinpath("data", "relatives.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def family(concepts: list, inside: bool = False) -> Iterator[tuple[str, str]]:
    for concept in concepts:
        if inside:
            yield concept["code"], concept["display"]
        within = inside or concept["code"] == "FAMMEMB"
        yield from family(concept.get("concept", []), within)


def test_every_role_code_is_r4_s_under_its_own_name():
    system = own_terminology("CodeSystem", ROLE_CODE)
    known = dict(family(system["concept"]))
    others = {"FRND": "unrelated friend", "NBOR": "neighbor", "ROOM": "Roommate"}
    for row in listed():
        if row["system"] == "role-code":
            assert row["name"] == {**known, **others}[row["code"]].lower(), row


def test_each_code_has_one_kinship_and_r4_s_other_relatives_have_none():
    codes = [(row["system"], row["code"]) for row in listed()]
    assert len(codes) == len(set(codes))
    known = dict(family(own_terminology("CodeSystem", ROLE_CODE)["concept"]))
    silent = {code for code in known if kinship([Coding(ROLE_CODE, code)]) is None}
    # Half siblings, and who tells no side of the family.
    assert silent == {"EXT", "HBRO", "HSIB", "HSIS", "NFTHF", "NMTHF", "GESTM"}


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        (Coding(ROLE_CODE, "FTH"), ("parent-or-sibling", "FTH")),
        (Coding(SNOMED, "60614009"), ("parent-or-sibling", "60614009")),
        (Coding(ROLE_CODE, "DAUC"), ("child", "DAUC")),
        (Coding(ROLE_CODE, "PAUNT"), ("second-degree", "PAUNT")),
        (Coding(ROLE_CODE, "FTHINLAW"), ("not-by-blood", "FTHINLAW")),
        (Coding(ROLE_CODE, "fth"), None),  # RoleCode tells upper from lower case
        (Coding("urn:oid:1.2.3", "FTH"), None),
        (Coding(None, "FTH"), None),
    ],
)
def test_kinship_is_told_by_a_code_of_a_known_system(coding, expected):
    assert kinship([Coding("urn:oid:1.2.3", "X"), coding]) == expected
