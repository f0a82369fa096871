"""Which concepts of a small edition the constraints of the specification select."""

from dataclasses import replace

import numpy as np
import pytest

from terminology.ecl.errors import INVALID, NOT_SUPPORTED, TOO_COSTLY, EclError
from terminology.ecl.evaluation import Result, evaluate
from terminology.ecl.parsing import parse
from tests.support.ecl_edition import Edition, RowFact
from tests.unit.terminology.small_edition import CODES, EDITION, NAMES, attribute, text

LUNG = {"pulmonary edema", "toxic pulmonary edema", "pneumonia", "asthma"}
HEART = {"myocardial infarction", "tetralogy of Fallot", "cardiomyopathy"}
OLD = {"hay asthma", "mild asthma"}
EVERYTHING = set(NAMES.values())

# fmt: off
SELECTED = [
    # 6.1 Simple expression constraints
    ("19829001 |Disorder of lung|", {"lung disorder"}),
    ("< 19829001", LUNG),
    ("<< 19829001", LUNG | {"lung disorder"}),
    ("<! 19829001", LUNG - {"toxic pulmonary edema"}),
    ("<<! 19829001", LUNG - {"toxic pulmonary edema"} | {"lung disorder"}),
    ("> 19242006 |Pulmonary edema|",
     {"lung disorder", "trunk edema", "disease", "finding", "root"}),
    (">! 19242006", {"lung disorder", "trunk edema"}),
    (">>! 19242006", {"lung disorder", "trunk edema", "pulmonary edema"}),
    (">> 404684003", {"finding", "root"}),
    ("67415000 |Hay asthma|", {"hay asthma"}),
    ("*", EVERYTHING),
    ("<< *", EVERYTHING),
    (">> *", EVERYTHING),
    ("< *", EVERYTHING - OLD - {"root"}),
    ("<! *", EVERYTHING - OLD - {"root"}),
    ("> * AND < 404684003", {"disease", "lung disorder", "trunk edema", "pulmonary edema",
                             "heart disease"}),
    (">! * MINUS > *", set()),
    # Members may be inactive, rows may not.
    ("^ 700043003", {"asthma", "pulmonary edema", "hay asthma"}),
    ("^ *", {"asthma", "pulmonary edema", "toxic pulmonary edema", *OLD}),
    ("^ (< 900000000000522004)", OLD),
    ("< ^ 700043003", {"toxic pulmonary edema"}),
    ("^ [targetComponentId] 900000000000527005", {"asthma"}),
    ("^ [referencedComponentId] 900000000000527005", {"hay asthma"}),
    ("^ [correlationId] 447562003", {"defined"}),
    ("^R 195967001 |Asthma|", {"problem list", "ICD-10 map"}),
    ("^R (<< 301867009)", {"problem list", "ICD-10 map"}),
    ("^R 233604007 |Pneumonia|", set()),
    # 6.2 Refinements
    ("< 64572001 : 116676008 = 79654002 |Edema|", {"pulmonary edema", "trunk edema"}),
    ("< 64572001 : 116676008 = << 79654002",
     {"pulmonary edema", "trunk edema", "toxic pulmonary edema"}),
    ("< 64572001 : 116676008 = << 79654002, 363698007 = 39607008",
     {"pulmonary edema", "toxic pulmonary edema"}),
    ("*: 363698007 |Finding site| = *", LUNG - {"asthma"} | HEART),
    ("* : << 47429007 |Associated with| = 22298006", {"cardiomyopathy"}),
    ("* : < 47429007 = 22298006", {"cardiomyopathy"}),
    ("* : >> 42752001 |Due to| = 22298006", {"cardiomyopathy"}),
    ("* : * = 74281007 |Myocardium|", {"myocardial infarction", "cardiomyopathy"}),
    # The stenosis is of the valve and not of the ventricle.
    ("* : 363698007 = 53085002, 116676008 = 415582006", {"tetralogy of Fallot"}),
    ("* : { 363698007 = 53085002, 116676008 = 415582006 }", set()),
    ("* : { 363698007 = 39057004, 116676008 = 415582006 }, { 363698007 = 53085002 }",
     {"tetralogy of Fallot"}),
    ("* : { 363698007 = 53085002 AND (116676008 = 415582006 OR 116676008 = 56246009) }",
     {"tetralogy of Fallot"}),
    # What is in no group is a group of its own, together with nothing.
    ("* : { 363698007 = 74281007 }", {"myocardial infarction", "cardiomyopathy"}),
    ("* : { 363698007 = 74281007, 42752001 = * }", set()),
    ("* : { 363698007 = 74281007, 363698007 = * }", {"myocardial infarction", "cardiomyopathy"}),
    # Concrete values
    ("* : 1142135004 |Strength| = #500", {"paracetamol 500 mg tablet", "paracetamol and codeine"}),
    ("* : 1142135004 != #500", {"paracetamol and codeine"}),
    ("* : 1142135004 < #7.5", set()),
    ("* : 1142135004 <= #7.50", {"paracetamol and codeine"}),
    ("* : 1142135004 > #+500", set()),
    ("* : 1142135004 >= #500.0", {"paracetamol 500 mg tablet", "paracetamol and codeine"}),
    ("* : { 127489000 = 387494007 |Codeine|, 1142135004 >= #250 }", set()),
    ("* : { 127489000 = 387517004, 1142135004 >= #250, 1142135004 <= #800,"
     " 732945000 = 258684004 }", {"paracetamol 500 mg tablet"}),
    ('* : 774158006 = "PANADOL"', {"paracetamol 500 mg tablet"}),
    ('* : 774158006 = "Panadol"', set()),
    ('* : 774158006 != "PANADOL"', {"paracetamol and codeine"}),
    ('* : 774158006 = ("PANADOL" "Panadeine")',
     {"paracetamol 500 mg tablet", "paracetamol and codeine"}),
    ('* : 774158006 = wild:"panad*"', {"paracetamol 500 mg tablet", "paracetamol and codeine"}),
    ("* : 859999999102 = TRUE", {"paracetamol 500 mg tablet"}),
    ("* : 859999999102 != true", {"paracetamol and codeine"}),
    ("* : 1142135004 = *", {"paracetamol 500 mg tablet", "paracetamol and codeine"}),
    ("* : 1142135004 != *", set()),
    # Reverse and dotted attributes
    ("< 91723000 : R 363698007 = << 19829001", {"lung"}),
    ("* : R 363698007 = *", {"lung", "myocardium", "pulmonary valve", "right ventricle"}),
    ("* : R 363698007 != << 19829001", {"myocardium", "pulmonary valve", "right ventricle"}),
    ("<< 56265001 . 363698007", {"myocardium", "pulmonary valve", "right ventricle"}),
    ("85898001 . 42752001 . 363698007", {"myocardium"}),
    ("85898001 . *", {"myocardium", "myocardial infarction"}),
    ("85898001 . (<< 47429007)", {"myocardial infarction"}),
    # 6.3 Cardinality
    ("* : [1..1] 127489000 = *", {"paracetamol 500 mg tablet"}),
    ("* : [2..*] 127489000 = *", {"paracetamol and codeine"}),
    ("* : [2..2] 1142135004 > #0", {"paracetamol and codeine"}),
    ("< 373873005 : [0..1] 127489000 = < 105590001", {"paracetamol 500 mg tablet"}),
    ("< 19829001 : [0..0] 363698007 = *", {"asthma"}),
    ("< 64572001 : [0..0] 116676008 = *",
     {"lung disorder", "pneumonia", "asthma", "heart disease", "cardiomyopathy"}),
    # No inactive concept has an attribute, and yet none is meant.
    ("(* : [0..0] * = *) AND (67415000 OR 195967001)", {"asthma"}),
    ("< 64572001 : [2..*] 363698007 = *", {"tetralogy of Fallot"}),
    ("* : { [2..*] 363698007 = * }", set()),
    ("* : [2..2] { 363698007 = *, 116676008 = * }", {"tetralogy of Fallot"}),
    ("< 19829001 : [1..1] { 363698007 = * }", LUNG - {"asthma"}),
    ("< 56265001 : [0..0] { 116676008 = 56246009 }", HEART - {"tetralogy of Fallot"}),
    ("< 56265001 : [0..1] { 363698007 = * }", HEART - {"tetralogy of Fallot"}),
    # A group of a site and no morphology.
    ("* : { 363698007 = *, [0..0] 116676008 = * }", {"pneumonia", "cardiomyopathy"}),
    ("< 19829001 : { [0..0] 363698007 = * }", set()),
    ("< 105590001 : [2..2] R 127489000 = *", {"paracetamol"}),
    ("< 105590001 : [0..1] R 127489000 = *", {"codeine"}),
    ("< 49755003 : [1..1] R 116676008 = *", {"acute edema", "infarct", "stenosis", "hypertrophy"}),
    # 6.4 Conjunction and disjunction
    ("< 19829001 AND < 301867009", {"pulmonary edema", "toxic pulmonary edema"}),
    ("< 19829001, ^ 700043003, ^ 447562003", {"asthma", "pulmonary edema"}),
    ("19829001 OR 301867009 OR 19829001", {"lung disorder", "trunk edema"}),
    ("* : 116676008 = 55641003 OR 42752001 = 22298006",
     {"myocardial infarction", "cardiomyopathy"}),
    ("* : { 116676008 = 55641003 } OR { 116676008 = 56246009 }",
     {"myocardial infarction", "tetralogy of Fallot"}),
    # 6.5 Exclusion and not equals
    ("<< 19829001 MINUS << 301867009", {"lung disorder", "pneumonia", "asthma"}),
    ("< 64572001 : 116676008 != << 79654002", {"myocardial infarction", "tetralogy of Fallot"}),
    ("< 19829001 : [0..0] 116676008 != << 79654002", LUNG),
    ("< 64572001 : [0..0] 116676008 != << 79654002, 116676008 = *",
     {"pulmonary edema", "trunk edema", "toxic pulmonary edema"}),
    # 6.7 Nested expression constraints
    ("* : 42752001 = (< 404684003 : 116676008 = << 55641003)", {"cardiomyopathy"}),
    ("<< 56265001 : [0..0] (<< 410662002 MINUS 363698007) = *", {"heart disease"}),
    # 6.8 Description filters
    ('* {{ term = "heart att" }}', {"myocardial infarction"}),
    ('* {{ term = "ATT heart" }}', {"myocardial infarction"}),
    ('* {{ term = "heart", term = "dis" }}', {"heart disease", "cardiomyopathy"}),
    ('* {{ term = "eart" }}', set()),
    ('* {{ term = ("attack" "opathy" "cardiop") }}', {"myocardial infarction", "heart disease"}),
    ('* {{ term = "heart" }} {{ term = "cardi" }}', {"heart disease", "cardiomyopathy"}),
    ('* {{ term = "heart", term = "cardi" }}', set()),
    ('< 64572001 {{ term = wild:"cardi*opathy" }}', {"heart disease", "cardiomyopathy"}),
    ('* {{ term = wild:"cardiopathy" }}', {"heart disease"}),
    ('* {{ term = wild:"*opathy" }}', {"heart disease", "cardiomyopathy"}),
    ('* {{ term = wild:"*muscle 5\\*" }}', {"cardiomyopathy"}),
    ('* {{ term = (match:"attack" wild:"*opathy") }}', HEART - {"tetralogy of Fallot"}
     | {"heart disease"}),
    ('* {{ term = "梗死" }}', {"myocardial infarction"}),
    ('* {{ term = wild:"*梗*" }}', {"myocardial infarction"}),
    ('* {{ term = "hjart" }}', {"heart disease"}),
    ('* {{ term = "hjärt", language = SV }}', {"heart disease"}),
    ('* {{ term = "heart", language = (sv zh) }}', set()),
    ("* {{ language != en }}", {"myocardial infarction", "heart disease"}),
    ('* {{ term = "heart", type = fsn }}', {"heart disease"}),
    ('* {{ term = "heart", type != fsn }}', {"myocardial infarction", "cardiomyopathy"}),
    ('* {{ term = "heart", typeId = (900000000000013009 900000000000003001) }}',
     {"myocardial infarction", "heart disease", "cardiomyopathy"}),
    ("* {{ dialect = en-gb (prefer) }}", {"myocardial infarction", "asthma"}),
    ("* {{ dialect = (en-gb (accept) en-us (prefer)) }}", {"cardiomyopathy", "asthma"}),
    ("* {{ dialect = (en-gb en-us) (accept) }}",
     {"cardiomyopathy", "heart disease", "myocardial infarction"}),
    ("* {{ dialectId = 900000000000509007, dialect = en-gb (prefer) }}",
     {"myocardial infarction", "asthma"}),
    ("< 56265001 {{ dialect != (en-gb en-us), type = syn }}", {"myocardial infarction"}),
    ("< 64572001 MINUS (* {{ type = syn, dialect = en-us (prefer) }})",
     {"lung disorder", "trunk edema", "pulmonary edema", "toxic pulmonary edema", "pneumonia",
      "heart disease", "myocardial infarction", "tetralogy of Fallot"}),
    ("* {{ D moduleId = 731000124108 }}", {"cardiomyopathy"}),
    ("* {{ D moduleId != 900000000000207008 }}", {"cardiomyopathy"}),
    ('* {{ D effectiveTime = "20190731" }}', {"heart disease"}),
    ('* {{ D effectiveTime < "20200131" }}', {"heart disease"}),
    ('* {{ D effectiveTime = "" }}', {"heart disease"}),
    ("* {{ D active = 0 }}", {"myocardial infarction"}),
    ('* {{ D active = 0, term = "card" }}', {"myocardial infarction"}),
    ('* {{ D term = "cardiac" }}', set()),
    ('* {{ D term = "cardiac", active = * }}', {"myocardial infarction"}),
    ("67415000 {{ D term = wild:\"*\" }}", set()),
    # 6.9 Concept filters
    ("<< 19829001 {{ C definitionStatus = defined }}",
     {"pulmonary edema", "toxic pulmonary edema"}),
    ("<< 19829001 {{ C definitionStatus = primitive }}", {"lung disorder", "pneumonia", "asthma"}),
    ("<< 19829001 {{ C definitionStatusId != 900000000000074008 }}",
     {"pulmonary edema", "toxic pulmonary edema"}),
    ("<< 19829001 {{ C definitionStatus = (primitive defined) }}", LUNG | {"lung disorder"}),
    ("* {{ C moduleId = 731000124108 }}", {"cardiomyopathy"}),
    ("< 56265001 {{ C moduleId != 731000124108 }}", HEART - {"cardiomyopathy"}),
    ('* {{ C effectiveTime >= "20210131" }}', {"asthma"}),
    ('< 56265001 {{ C effectiveTime <= "20210131" }}', HEART - {"cardiomyopathy"}),
    ('* {{ C effectiveTime = ("20210131" "") }}', {"asthma", "cardiomyopathy"}),
    ('<< 56265001 {{ C effectiveTime != "20020131" }}', {"cardiomyopathy"}),
    ("* {{ C active = 0 }}", OLD),
    ("^ 700043003 {{ C active = true }}", {"asthma", "pulmonary edema"}),
    ("^ 700043003 {{ C active != true, active = * }}", {"hay asthma"}),
    # 6.10 Member filters
    ('^ 447562003 {{ M mapTarget = "J45.9" }}', {"asthma"}),
    ('^ 447562003 {{ M mapTarget = "J" }}',
     {"asthma", "pulmonary edema", "toxic pulmonary edema"}),
    ('^ 447562003 {{ M mapTarget = wild:"J45*" }}', {"asthma"}),
    ('^ 447562003 {{ M mapTarget = wild:"J45" }}', set()),
    ("^ 447562003 {{ M mapGroup = #2, mapPriority = #1 }}", {"toxic pulmonary edema"}),
    ('^ 447562003 {{ M mapGroup != #2, mapPriority < #2, mapTarget = wild:"J6*" }}',
     {"toxic pulmonary edema"}),
    ('^ 447562003 {{ M mapGroup = #2, mapTarget = "J68" }}', set()),
    ("^ 447562003 {{ M active = 0 }}", {"pneumonia"}),
    ("^ 447562003 {{ M correlationId != 900000000000073002 }}", set()),
    ("^ [targetComponentId] 900000000000527005 {{ M referencedComponentId = 67415000 }}",
     {"asthma"}),
    ("^ [targetComponentId] 900000000000527005 {{ M active = * }}", {"asthma", "pneumonia"}),
    ("^ 700043003 {{ M moduleId = 731000124108 }}", {"hay asthma"}),
    ("^ 700043003 {{ M moduleId != 731000124108 }}", {"asthma", "pulmonary edema"}),
    ('^ 700043003 {{ M effectiveTime >= "20210731" }}', {"pulmonary edema"}),
    ("^ (< 900000000000455006) {{ M targetComponentId = 195967001 }}", OLD),
    # 6.11 History supplements
    ("195967001 |Asthma| {{ + HISTORY-MIN }}", {"asthma", "hay asthma"}),
    ("195967001 |Asthma| {{ + HISTORY-MAX }}", {"asthma", *OLD}),
    ("195967001 {{ + HISTORY (900000000000528000) }}", {"asthma", "mild asthma"}),
    ("(< 19829001 {{+HISTORY}}) {{ D id = 264553015 }}", {"mild asthma"}),
    ("< 195967001 {{ + HISTORY }}", set()),
    # 6.12 Top and bottom
    ("!!> (<< 301867009 OR 195967001)", {"trunk edema", "asthma"}),
    ("!!< (<< 301867009 OR 195967001)", {"toxic pulmonary edema", "asthma"}),
    ("!!< ( >> 233709006 AND ^ 700043003 )", {"pulmonary edema"}),
]
# fmt: on


def asked(text: str, edition: Edition = EDITION) -> Result:
    return evaluate(parse(text), edition)


def names(result: Result) -> set[str]:
    assert result.ids.dtype == np.uint32
    assert (np.diff(result.ids.astype(np.int64)) > 0).all()
    return {NAMES[EDITION.code(position)] for position in result.ids.tolist()}


@pytest.mark.parametrize(("expression", "expected"), SELECTED)
def test_a_constraint_selects_what_the_specification_says(
    expression: str, expected: set[str]
) -> None:
    assert names(asked(expression)) == expected


def test_a_code_that_the_release_does_not_know_is_told() -> None:
    result = asked("<< 73211009 |Diabetes mellitus| OR << 195967001")
    assert names(result) == {"asthma"}
    assert result.unknown == ("73211009",)


def test_everything_minus_an_unknown_code_is_told_too() -> None:
    result = asked("< 19829001 MINUS << 73211009")
    assert names(result) == LUNG
    assert result.unknown == ("73211009",)


def test_an_inactive_code_is_told_because_nothing_is_below_it_any_more() -> None:
    result = asked("<< 67415000 |Hay asthma|")
    assert names(result) == {"hay asthma"}
    assert (result.unknown, result.inactive) == ((), ("67415000",))


@pytest.mark.parametrize(
    ("expression", "without_rows"),
    [
        ("^ 734138000", ("734138000",)),
        ("^ (734138000 OR 700043003)", ("734138000",)),
        ("^ (< 410662002)", ("410662002",)),
        ("^ 195967001", ("195967001",)),
        ("* : 410662002 = *", ("410662002",)),
        ("* : (363698007 OR 47429007) = *", ("47429007",)),
        ("195967001 . 47429007", ("47429007",)),
        ("* : [0..0] 47429007 = *", ("47429007",)),
        ("195967001 {{ + HISTORY-MOD }}", ()),
        ("* : << 47429007 = *", ()),
        ("^ 700043003", ()),
    ],
)
def test_a_reference_set_or_attribute_without_rows_is_told(
    expression: str, without_rows: tuple[str, ...]
) -> None:
    assert asked(expression).without_rows == without_rows


def test_an_association_that_the_release_has_not_is_told() -> None:
    result = asked("195967001 {{ + HISTORY-MOD }}")
    assert names(result) == {"asthma", *OLD}
    assert result.unknown == ("900000000000526001", "1186924009")


# fmt: off
REFUSED = [
    ("^ [mapTarget] 447562003", "^ [mapTarget]", "no concepts", NOT_SUPPORTED),
    ("< ^ [*] 447562003", "^ [*]", "name one field", NOT_SUPPORTED),
    ("^ [referencedComponentId, mapTarget] 447562003", "^ [", "name one field", NOT_SUPPORTED),
    ("^ [mapTargets] 447562003", "^ [mapTargets]", "has a field mapTargets", INVALID),
    ("^ 700043003 {{ M mapTarget = \"J\" }}", "mapTarget", "has a field mapTarget", INVALID),
    ("^ 447562003 {{ M mapGroup = \"1\" }}", "mapGroup", "holds numbers", INVALID),
    ("^ 447562003 {{ M mapTarget = 195967001 }}", "mapTarget", "holds texts", INVALID),
    ("^ 447562003 {{ M mapGroup > \"20200131\" }}", "mapGroup", "holds numbers", INVALID),
    ("^ 447562003 {{ M correlationId = true }}", "correlationId", "holds codes", INVALID),
    ("322236009 . 1142135004", "322236009", "no concepts", NOT_SUPPORTED),
    ("322236009 . *", "322236009", "no concepts", NOT_SUPPORTED),
    # [0..0] of what cannot be would be true of everything.
    ("* : [0..0] 1142135004 = 258684004", "[0..0]", "values of this kind", INVALID),
    ("* : 363698007 = #5", "363698007", "values of this kind", INVALID),
    ('* : 1142135004 = "500"', "1142135004", "values of this kind", INVALID),
    ("* : R 1142135004 = *", "R 1142135004", "values of this kind", INVALID),
    ("* : { R 363698007 = * }", "R 363698007", "in a group", NOT_SUPPORTED),
    ("195967001 {{ + HISTORY (700043003) }}", "{{ +", "700043003 is no historical", INVALID),
    ("195967001 {{ + HISTORY (< 138875005) }}", "{{ +", "is no historical", INVALID),
]
# fmt: on


@pytest.mark.parametrize(("expression", "found", "reason", "code"), REFUSED)
def test_what_would_be_half_an_answer_is_refused(
    expression: str, found: str, reason: str, code: str
) -> None:
    with pytest.raises(EclError) as refused:
        asked(expression)
    assert refused.value.found.startswith(found)
    assert reason in refused.value.reason
    assert refused.value.code == code


@pytest.mark.parametrize(
    "expression",
    [
        "* {{ C moduleId = 900000000000207008 }}",
        '* {{ C effectiveTime > "20200131" }}',
        "195967001 {{ + HISTORY-MIN }}",
        "^ 900000000000527005 {{ M active = 0 }}",
        "* {{ D moduleId = 900000000000207008 }}",
        '* {{ D effectiveTime > "20200131" }}',
        "* {{ D id = 751689013 }}",
    ],
)
def test_what_a_store_does_not_keep_is_refused_and_not_taken_for_nothing(expression: str) -> None:
    bare = replace(
        EDITION,
        keeps_modules=False,
        members_only=frozenset({"900000000000527005"}),
        texts=(text("asthma", "Asthma", id=None, module=None, time=None),),
    )
    with pytest.raises(EclError, match="kept here") as refused:
        asked(expression, bare)
    assert refused.value.code == NOT_SUPPORTED
    assert refused.value.found[:2] in ("mo", "ef", "{{", "^ ", "id")


def test_the_members_of_a_store_that_keeps_no_rows() -> None:
    bare = replace(EDITION, members_only=frozenset({"900000000000527005"}))
    assert names(asked("^ 900000000000527005", bare)) == {"hay asthma"}


def test_a_member_that_is_no_concept_is_left_out() -> None:
    description = RowFact(CODES["GB English"], "751689013", {"acceptabilityId": True})
    edition = replace(EDITION, rows=(*EDITION.rows, description))
    assert names(asked("^ 900000000000508004", edition)) == set()
    assert names(asked("^ 900000000000508004 {{ M active = 1 }}", edition)) == set()


def test_a_reference_set_without_a_concept_is_none_that_can_be_answered() -> None:
    edition = replace(EDITION, rows=(*EDITION.rows, RowFact("999000011000000103", CODES["asthma"])))
    result = asked("^R 195967001", edition)
    assert names(result) == {"problem list", "ICD-10 map"}
    assert result.unknown == ()
    assert names(asked("^ *", edition)) >= {"asthma"}


def test_a_date_of_a_member_is_compared_as_a_date() -> None:
    rows = tuple(
        RowFact(CODES["empty refset"], CODES[name], {"sourceEffectiveTime": time})
        for name, time in (("asthma", "20190731"), ("pneumonia", "20210731"), ("lung", ""))
    )
    edition = replace(EDITION, rows=rows)
    for test, expected in (
        ('< "20200101"', {"asthma"}),
        ('>= "20190731"', {"asthma", "pneumonia"}),
    ):
        asking = f"^ 734138000 {{{{ M sourceEffectiveTime {test} }}}}"
        assert names(asked(asking, edition)) == expected


def test_two_ungrouped_attributes_are_two_groups() -> None:
    twice = (
        attribute("asthma", 0, "finding site", "lung"),
        attribute("asthma", 0, "finding site", "myocardium"),
    )
    edition = replace(EDITION, attribute_facts=(*EDITION.attribute_facts, *twice))
    assert "asthma" in names(asked("* : [2..2] { 363698007 = * }", edition))
    assert "asthma" in names(asked("* : [2..2] 363698007 = *", edition))
    assert "asthma" not in names(asked("* : { [2..2] 363698007 = * }", edition))


def test_a_text_that_asks_for_hours_is_refused() -> None:
    class Huge(Edition):
        """An edition that says that it has as many concepts as no release has."""

        @property
        def size(self) -> int:
            return 60_000_000

    wide = Huge(EDITION.concepts, texts=EDITION.texts)
    filters = " {{ C active = 1 }}" * 20
    with pytest.raises(EclError) as refused:
        evaluate(parse(f"195967001{filters}"), wide)
    assert refused.value.code == TOO_COSTLY


def test_a_set_of_hundreds_of_parts_is_put_together_one_by_one() -> None:
    assert names(asked(" OR ".join(["< 19829001", "195967001", "*"] * 200))) == EVERYTHING
    assert names(asked(" AND ".join(["< 19829001", "*"] * 200))) == LUNG


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<<^(", ")"),
        ("* MINUS (", ")"),
        ("<< ^ (", ") {{ C active = 1 }} {{ D active = 1 }} {{ + HISTORY }}"),
        ("* : 42752001 = (", ")"),
        ("* : [0..9] R 42752001 = (", ")"),
        ("* : (42752001 = (", "))"),
        ("* : { 42752001 = (", ") }"),
        ("* : [0..9] { (42752001 = (", ")) }"),
        ("^ * {{ M targetComponentId = ", " }}"),
        ("* {{ C moduleId = ", " }}"),
        ("* {{ D typeId = ", " }}"),
        ("* {{ + HISTORY ((900000000000527005) AND (", ")) }}"),
    ],
)
def test_what_is_read_however_deep_is_evaluated(before: str, after: str) -> None:
    depth = 30 // sum(map(before.count, ("(", "{{" if "{{" in before else "{")))
    text = before * depth + "*" + after * depth
    try:
        result = asked(text)
    except EclError as refused:
        assert "no historical association" in refused.reason
    else:
        assert set(names(result)) <= EVERYTHING


@pytest.mark.parametrize(
    "text", ["195967001" + ".*" * 4_000, "195967001" + "{{C active=1}}" * 690, "*" + ",*" * 4_000]
)
def test_what_is_long_is_not_deep(text: str) -> None:
    assert set(names(asked(text))) <= EVERYTHING
