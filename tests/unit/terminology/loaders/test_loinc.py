"""LOINC from a release of made-up terms: what is known of them, what becomes of damaged rows."""

from pathlib import Path

import pytest

from terminology.loaders import loinc
from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused
from terminology.releases.implicit import implicit_value_sets
from terminology.releases.release import Release
from terminology.releases.shelf import Shelf
from terminology.service.languages import display_in
from terminology.service.lookup import Lookup, lookup
from terminology.service.subsumption import subsumes
from tests.unit.terminology.loaders.deliveries import Table, codes, loaded, zipped
from tests.unit.terminology.loaders.loinc_delivery import (
    COLOUR,
    OLD,
    SCAN,
    TESTASE,
    TESTASE_URINE,
    node,
    tables,
    written,
)


def load(folder: Path, files: dict[str, Table], name: str = "Loinc_2.80.zip") -> Release:
    return account(folder, files, name)[0]


def account(
    folder: Path, files: dict[str, Table], name: str = "Loinc_2.80.zip"
) -> tuple[Release, Report]:
    return loaded(loinc.load, loinc.FILTERABLE, zipped(folder / name, written(files)))


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return load(tmp_path, tables())


def values(release: Release, code: str, name: str) -> list[object]:
    concept = release.get(code)
    assert concept is not None
    return [each.value for each in concept.properties if each.code == name]


def test_a_term_has_its_long_name_and_the_others_with_their_uses(release: Release) -> None:
    concept = release.get(TESTASE)
    assert concept is not None
    assert concept.display == "Testase [Mass/volume] in Serum"
    assert concept.definition == "A made-up enzyme.\nOf two lines."
    texts = {(each.use or {}).get("code"): each.value for each in concept.designations}
    assert texts["SHORTNAME"] == "Testase Ser-mCnc"
    assert texts["DisplayName"] == "Testase (S) [Mass/Vol]"
    assert texts["ConsumerName"] == "Testase, Blood"
    assert values(release, TESTASE, "EXAMPLE_UCUM_UNITS") == ["mg/dL"]
    assert values(release, TESTASE, "UNITSREQUIRED") == ["Y"]


def test_an_axis_is_its_part_where_the_link_tells_it_and_else_its_name(release: Release) -> None:
    (component,) = values(release, TESTASE, "COMPONENT")
    assert component == {"system": "http://loinc.org", "code": "LP1-1", "display": "Testase"}
    assert values(release, TESTASE, "PROPERTY") == ["MCnc"]
    assert [v["code"] for v in values(release, TESTASE, "CLASS")] == ["LP3-3"]
    assert values(release, TESTASE_URINE, "CLASS") == ["CHEM"]
    assert [v["code"] for v in values(release, TESTASE, "newly-thought-of")] == ["LP1-1"]


def test_a_filter_finds_both_the_part_and_its_name(release: Release) -> None:
    both = [TESTASE, TESTASE_URINE]
    assert codes(release, release.of_property("COMPONENT", "LP1-1")) == both
    assert codes(release, release.of_property("COMPONENT", "Testase")) == [*both, OLD]
    assert codes(release, release.of_property("copyright", "3rdParty")) == [COLOUR]
    assert codes(release, release.of_property("STATUS", "TRIAL")) == [COLOUR]


def test_a_deprecated_term_is_inactive_and_says_what_stands_in_its_place(release: Release) -> None:
    concept = release.get(OLD)
    assert concept is not None
    assert (concept.is_inactive, concept.status) == (True, "deprecated")
    assert values(release, OLD, "MAP_TO") == [TESTASE]
    assert values(release, OLD, "MAP_TO_COMMENT") == [f"{TESTASE}: where serum was meant"]
    assert codes(release, release.inactive) == [OLD, "LP4-4"]


def test_the_hierarchy_is_subsumption_and_holds_parts_that_stand_only_there(
    release: Release,
) -> None:
    assert release.has_subsumption
    assert subsumes(release, "LP9-9", TESTASE) == "subsumes"
    assert subsumes(release, TESTASE, "LP10-8") == "subsumed-by"
    assert subsumes(release, TESTASE, TESTASE_URINE) == "not-subsumed"
    node = release.get("LP10-8")
    assert node is not None
    assert (node.display, node.is_abstract) == ("Testase | Serum", True)


def test_in_chinese_a_term_is_shown_and_found_by_two_characters(release: Release) -> None:
    concept = release.get(TESTASE)
    assert concept is not None
    assert display_in(concept, "en", ("zh-CN",)) == "测试酶:质量浓度:时间点:血清:定量型"
    assert display_in(concept, "en", ("de",)) == "Testase [Masse/Volumen] in Serum"
    for text in ("血清", "测试", "假想", "假想酵素", "测试酶", "phantom", "testase serum"):
        assert codes(release, release.with_texts(text))[:1] == [TESTASE], text
    # All pairs are there, and no text has them one after the other.
    assert codes(release, release.with_texts("假想酶")) == []


def test_a_name_without_its_specimen_is_not_shown_and_only_found(tmp_path: Path) -> None:
    files = tables()
    row = files["AccessoryFiles/LinguisticVariants/zhCN5LinguisticVariant.csv"][1]
    row["RELATEDNAMES2"] = "色调"
    release, report = account(tmp_path, files)
    concept = release.get(COLOUR)
    assert concept is not None
    assert display_in(concept, "en", ("zh-CN",)) == "Colour of Urine"
    assert codes(release, release.with_texts("色调")) == [COLOUR]
    assert codes(release, release.with_texts("颜色")) == [COLOUR]
    assert report.left_out == {}
    _, without = account(tmp_path, tables())
    assert without.left_out == {("zhCN5LinguisticVariant.csv", "no whole name"): 1}


def test_answers_have_their_lists_as_value_sets_in_their_order(tmp_path: Path) -> None:
    release = load(tmp_path, tables())
    members = release.value_set("http://loinc.org/vs/LL1-1")
    assert members is not None
    assert codes(release, members) == ["LA1-1", "LA2-2"]
    (coding,) = values(release, COLOUR, "answer-list")
    assert coding == {"system": "http://loinc.org", "code": "LL1-1", "display": "Colours"}
    assert values(release, COLOUR, "AnswerListLinkType") == ["LL1-1: NORMATIVE"]
    assert codes(release, release.of_property("answers-for", COLOUR)) == ["LA1-1", "LA2-2"]
    # Defined elsewhere: no value set is better than an empty one.
    assert release.value_set("http://loinc.org/vs/LL3-3") is None
    group = implicit_value_sets("http://loinc.org/vs/LG1-1", Shelf(tmp_path / "releases"))
    (include,) = group[0]["compose"]["include"]
    assert [each["code"] for each in include["concept"]] == [TESTASE, TESTASE_URINE]


def test_radiology_has_its_attributes_and_the_ids_of_radlex(release: Release) -> None:
    (modality,) = values(release, SCAN, "rad-modality-modality-type")
    assert modality["code"] == "LP5-5"
    assert values(release, SCAN, "RID") == [
        {"system": "http://radlex.org", "code": "RID99901", "display": "made-up modality"}
    ]
    assert codes(release, release.of_property("RID", "RID99901")) == [SCAN]


def test_the_release_carries_the_notice_and_answers_a_lookup(release: Release) -> None:
    assert "http://loinc.org/license" in release.resource["copyright"]
    told = lookup(release, Lookup(code=TESTASE.lower(), languages=("zh",), properties=("display",)))
    found = {each["name"]: each for each in told["parameter"]}
    assert found["version"]["valueString"] == "2.80"
    assert found["display"]["valueString"].startswith("测试酶")


@pytest.mark.parametrize(("name", "version"), [("Loinc_2.81.zip", "2.81"), ("x.zip", "2.10")])
def test_the_version_is_that_of_the_file_or_of_the_newest_change(
    tmp_path: Path, name: str, version: str
) -> None:
    files = {f"x/{n.rpartition('/')[2]}": t for n, t in written(tables()).items()}
    release, _ = loaded(loinc.load, loinc.FILTERABLE, zipped(tmp_path / name, files))
    assert release.version == version


def test_damaged_rows_are_refused_and_the_rest_is_there(tmp_path: Path) -> None:
    files = written(tables())
    name = "Loinc_2.80/LoincTable/Loinc.csv"
    lines = str(files[name]).split("\r\n")
    wrong = lines[3].replace(OLD, "9000003-0")
    unclosed = lines[4].replace('"Colour of Urine"', '"Colour of Urine')
    assert (wrong, unclosed) != (lines[3], lines[4])
    files[name] = "\r\n".join((*lines[:3], wrong, unclosed, '"only one"', *lines[5:]))
    release, report = loaded(loinc.load, loinc.FILTERABLE, zipped(tmp_path / "Loinc.zip", files))
    told = [(each.line, each.why) for each in report.refusals if each.file == "Loinc.csv"]
    # The first term goes over two lines.
    assert told == [
        (5, "no LOINC code, or its check digit is wrong"),
        (6, "a quote is not closed, or closed too early"),
        (7, f"1 columns instead of {len(lines[0].split(','))}"),
    ]
    assert report.loaded["Loinc.csv"] == 3
    assert release.get(SCAN) is not None
    assert release.get(COLOUR) is None
    # What other files say of a term that is not there is refused, not dropped.
    assert report.refused["MapTo.csv", "no such term"] == 1


def test_an_answer_list_of_which_a_row_is_damaged_is_no_value_set(tmp_path: Path) -> None:
    files = tables()
    files["AccessoryFiles/AnswerFile/AnswerList.csv"][0]["AnswerStringId"] = "LA?"
    release, report = account(tmp_path, files)
    assert release.value_set("http://loinc.org/vs/LL1-1") is None
    assert report.refused["AnswerList.csv", "no id of an answer, or no text"] == 1


def test_a_row_of_the_hierarchy_that_cannot_be_is_refused(tmp_path: Path) -> None:
    files = tables()
    place = "AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv"
    files[place] += [
        node("LP1-1", "LP1-1", "Testase"),
        node("LP8-8", COLOUR, "Colour"),
        node("LP1-1", "1-1", "no term"),
    ]
    release, report = account(tmp_path, files)
    assert release.is_below(TESTASE, "LP9-9")
    assert sorted(why for file, why in report.refused if file in place) == [
        "it stands above itself",
        "no such term, and no part with a name",
        "what stands above it is unknown",
    ]


def test_a_missing_column_is_named_with_its_file(tmp_path: Path) -> None:
    files = tables()
    for row in files["LoincTable/Loinc.csv"]:
        del row["SCALE_TYP"]
    with pytest.raises(SourceRefused, match=r"Loinc\.csv: the column SCALE_TYP is missing"):
        load(tmp_path, files)


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=r"no file Loinc\.csv"):
        load(tmp_path, {"Other.csv": [{"a": "b"}]})
    twice = tables()
    twice["again/Loinc.csv"] = twice["LoincTable/Loinc.csv"]
    with pytest.raises(SourceRefused, match=r"several files Loinc\.csv"):
        load(tmp_path, twice)


def test_the_older_hierarchy_is_read_and_an_absent_one_is_told(tmp_path: Path) -> None:
    files = tables()
    place = "AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv"
    rows = files.pop(place)
    bare, report = account(tmp_path, files)
    assert bare.roots == ()
    assert (place.rpartition("/")[2], "what stands above what") in report.absent
    files["AccessoryFiles/MultiAxialHierarchy/MultiAxialHierarchy.csv"] = rows
    assert load(tmp_path, files).is_below(TESTASE, "LP9-9")
