"""$expand and $validate-code agree on every code with a plain reading of the definition.

The oracle asks of one code at a time whether the definition selects it, straight from the JSON; the
service computes sets. Closure tables are held to the same hierarchy.
"""

import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from terminology.service.closure import Placed, grown
from terminology.service.code_checks import ValidateCode
from terminology.service.code_findings import Coded
from terminology.service.expand import Expand, expand
from terminology.service.membership import Membership
from terminology.service.validate_code import validate_code
from terminology.service.value_set import Composition
from terminology.service.versions import Versions
from tests.unit.terminology.code_systems import Shelf

NOW = datetime(2026, 11, 28, tzinfo=UTC)
SYSTEMS = ("http://a.example/cs", "http://b.example/cs")
CODES = tuple("ABCDEFG")
KINDS = ("blood", "urine")
STATES = ("active", "retired")


@st.composite
def code_systems(draw: st.DrawFn, url: str) -> dict[str, Any]:
    """Up to seven codes, each below some of those before it."""
    codes = CODES[: draw(st.integers(1, len(CODES)))]
    concepts = []
    for place, code in enumerate(codes):
        parents = draw(st.sets(st.sampled_from(codes[:place]), max_size=2)) if place else set()
        properties = [{"code": "parent", "valueCode": each} for each in sorted(parents)]
        kind = draw(st.sampled_from((None, *KINDS)))
        if kind:
            properties.append({"code": "kind", "valueString": kind})
        state = draw(st.sampled_from((None, *STATES)))
        if state:
            properties.append({"code": "status", "valueCode": state})
        concepts.append({"code": code, "display": f"Test {code}", "property": properties})
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "status": "active",
        "experimental": False,
        "content": "complete",
        "concept": concepts,
    }


def filters(codes: tuple[str, ...]) -> st.SearchStrategy[dict[str, str]]:
    code = st.sampled_from(codes)
    hierarchy = st.sampled_from(
        ("is-a", "is-not-a", "descendent-of", "generalizes", "child-of", "descendent-leaf")
    )
    several = st.lists(st.sampled_from(KINDS), min_size=1, max_size=2).map(",".join)

    def one(name: str, op: Any, value: Any) -> st.SearchStrategy[dict[str, str]]:
        return st.fixed_dictionaries({"property": st.just(name), "op": op, "value": value})

    return st.one_of(
        one("concept", hierarchy, code),
        one("kind", st.just("="), st.sampled_from(KINDS)),
        one("kind", st.sampled_from(("in", "not-in")), several),
        one("kind", st.just("exists"), st.sampled_from(("true", "false"))),
        one("code", st.just("regex"), st.sampled_from(("[A-C]", "A|G", "Z", ".*"))),
        one("inactive", st.just("="), st.sampled_from(("true", "false"))),
    )


@st.composite
def parts(draw: st.DrawFn, systems: list[dict[str, Any]], known: list[str]) -> dict[str, Any]:
    part: dict[str, Any] = {}
    if known and draw(st.booleans()):
        part["valueSet"] = draw(st.lists(st.sampled_from(known), min_size=1, max_size=2))
    if not part or draw(st.booleans()):
        system = draw(st.sampled_from(systems))
        part["system"] = system["url"]
        how = draw(st.sampled_from(("all", "listed", "filtered")))
        if how == "listed":
            # One that the code system does not have is none of the value set.
            listed = draw(st.lists(st.sampled_from((*CODES, "Z")), min_size=1, unique=True))
            part["concept"] = [{"code": each} for each in listed]
        elif how == "filtered":
            own = tuple(each["code"] for each in system["concept"])
            part["filter"] = draw(st.lists(filters(own), min_size=1, max_size=2))
    return part


@st.composite
def worlds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Two code systems and up to three value sets; each may import those before it."""
    systems = [draw(code_systems(url)) for url in SYSTEMS]
    sets: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        known = [each["url"] for each in sets]
        compose: dict[str, Any] = {
            "include": draw(st.lists(parts(systems, known), min_size=1, max_size=3))
        }
        excluded = draw(st.lists(parts(systems, known), max_size=2))
        if excluded:
            compose["exclude"] = excluded
        inactive = draw(st.sampled_from((None, True, False)))
        if inactive is not None:
            compose["inactive"] = inactive
        sets.append(
            {
                "resourceType": "ValueSet",
                "url": f"http://example.org/vs{number}",
                "status": "active",
                "compose": compose,
            }
        )
    return [*systems, *sets]


class Oracle:
    """What a definition says of one code."""

    def __init__(self, world: list[dict[str, Any]]) -> None:
        self.sets = {each["url"]: each for each in world if each["resourceType"] == "ValueSet"}
        self.codes = {
            (each["url"], concept["code"]): concept["property"]
            for each in world
            if each["resourceType"] == "CodeSystem"
            for concept in each["concept"]
        }

    def values(self, key: tuple[str, str], name: str) -> list[str]:
        found = (each for each in self.codes[key] if each["code"] == name)
        return [value for each in found for kind, value in each.items() if kind != "code"]

    def is_inactive(self, key: tuple[str, str]) -> bool:
        return "retired" in self.values(key, "status")

    def is_below(self, key: tuple[str, str], above: str) -> bool:
        parents = self.values(key, "parent")
        return above in parents or any(self.is_below((key[0], each), above) for each in parents)

    def is_leaf(self, key: tuple[str, str]) -> bool:
        return not any(self.is_below(other, key[1]) for other in self.codes if other[0] == key[0])

    def holds(self, url: str, key: tuple[str, str]) -> bool:
        compose = self.sets[url]["compose"]
        return (
            key in self.codes
            and any(self.selects(part, key) for part in compose["include"])
            and not any(self.selects(part, key) for part in compose.get("exclude", ()))
            and not (compose.get("inactive") is False and self.is_inactive(key))
        )

    def selects(self, part: dict[str, Any], key: tuple[str, str]) -> bool:
        if not all(self.holds(url, key) for url in part.get("valueSet", ())):
            return False
        if "system" not in part:
            return True
        listed = [each["code"] for each in part.get("concept", ())]
        return (
            key[0] == part["system"]
            and (not listed or key[1] in listed)
            and all(self.passes(each, key) for each in part.get("filter", ()))
        )

    def passes(self, given_filter: dict[str, str], key: tuple[str, str]) -> bool:
        op, value, code = given_filter["op"], given_filter["value"], key[1]
        kinds = self.values(key, "kind")
        if given_filter["property"] == "inactive":
            return self.is_inactive(key) is (value == "true")
        below = self.is_below(key, value)
        return {
            "is-a": code == value or below,
            "is-not-a": code != value and not below,
            "descendent-of": below,
            "generalizes": code == value or ((key[0], value) in self.codes
            and self.is_below((key[0], value), code)),
            "child-of": value in self.values(key, "parent"),
            "descendent-leaf": below and self.is_leaf(key),
            "=": value in kinds,
            "in": any(each in value.split(",") for each in kinds),
            "not-in": not any(each in value.split(",") for each in kinds),
            "exists": bool(kinds) is (value == "true"),
            "regex": op == "regex" and re.fullmatch(value, code) is not None,
        }[op]  # fmt: skip


@given(worlds(), st.booleans())
def test_expand_and_validate_code_agree_with_the_definition(
    world: list[dict[str, Any]], active_only: bool
) -> None:
    oracle, library = Oracle(world), Shelf(*world)
    asked_for = [(system, code) for system in SYSTEMS for code in (*CODES, "Z")]
    for url, resource in oracle.sets.items():
        expected = {
            key
            for key in asked_for
            if oracle.holds(url, key) and not (active_only and oracle.is_inactive(key))
        }
        asked = Expand(active_only=active_only, exclude_nested=True)
        expansion = expand(Composition(library, Versions()), resource, asked, now=NOW)["expansion"]
        listed = [(each["system"], each["code"]) for each in expansion.get("contains", ())]
        assert (set(listed), len(listed)) == (expected, expansion["total"])
        membership = Membership(
            Composition(library, Versions(), is_strict=False), library, resource
        )
        for system, code in asked_for:
            coded = ValidateCode((Coded(code, system),), active_only=active_only)
            answer = {each["name"]: each for each in validate_code(membership, coded)["parameter"]}
            assert answer["result"]["valueBoolean"] is ((system, code) in expected), (url, code)


@given(worlds())
def test_a_nested_expansion_holds_the_same_codes(world: list[dict[str, Any]]) -> None:
    library = Shelf(*world)
    for resource in Oracle(world).sets.values():
        found = []
        for nested in (False, True):
            composition = Composition(library, Versions())
            asked = Expand(exclude_nested=not nested)
            waiting = expand(composition, resource, asked, now=NOW)["expansion"].get("contains", [])
            codes = []
            while waiting:
                each, *waiting = waiting
                codes.append((each["system"], each["code"]))
                waiting = [*each.get("contains", ()), *waiting]
            found.append(sorted(codes))
        assert found[0] == found[1]


@given(code_systems(SYSTEMS[0]), st.data())
def test_a_closure_table_has_every_relation_once_in_whatever_steps_it_grows(
    system: dict[str, Any], data: st.DataObject
) -> None:
    oracle, library = Oracle([system]), Shelf(system)
    codes = data.draw(st.permutations([each["code"] for each in system["concept"]]))
    held: list[Placed] = []
    relations: list[tuple[str, str]] = []
    while codes:
        count = data.draw(st.integers(1, len(codes)))
        now, codes = codes[:count], codes[count:]
        step = grown(library, held, [Placed(SYSTEMS[0], "", code) for code in now])
        held += step.concepts
        relations += [(each.code, each.above) for each in step.relations]
    expected = {
        (code, above)
        for _, code in oracle.codes
        for _, above in oracle.codes
        if oracle.is_below((SYSTEMS[0], code), above)
    }
    assert (set(relations), len(relations)) == (expected, len(expected))
