"""ICD-10 from CMS's tabular list, its order file and Chinese tables, of made-up codes."""

from pathlib import Path

import pytest

from terminology.loaders import icd10
from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused
from terminology.releases.release import Release
from tests.unit.terminology.loaders.deliveries import codes, loaded, zipped

URL = "http://hospital.example/icd-10"
TABULAR = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular>
  <version>2099</version>
  <introduction><introSection><title>Made up</title></introSection></introduction>
  <chapter>
    <name>1</name>
    <desc>Made-up diseases (X00-X19)</desc>
    <sectionIndex><sectionRef first="X00" last="X09" id="X00-X09">Index</sectionRef></sectionIndex>
    <section id="X00-X09">
      <desc>First block</desc>
      <diag><name>X00</name><desc>Made-up fever</desc>
        <includes><note>imagined fever</note></includes>
        <diag><name>X00.0</name><desc>Made-up fever, mild</desc>
          <inclusionTerm><note>Phantom fever NOS</note></inclusionTerm></diag>
      </diag>
      <diag><name>X01</name><desc>Made-up injury</desc>
        <sevenChrDef><extension char="A">initial encounter</extension>
          <extension char="S">sequela</extension></sevenChrDef>
        <notes><note>%s</note></notes>
        <diag><name>X01.1</name><desc>Injury of the elbow</desc></diag>
        <diag><name>X01.2</name><desc>Injury of the knee</desc>
          <sevenChrDef><extension char="D">subsequent encounter</extension></sevenChrDef>
          <diag><name>X01.207</name><desc>Injury of the knee, deep</desc></diag></diag>
        <diag><name>X01.307</name><desc>Injury with death</desc></diag>
      </diag>
    </section>
    <section id="X10">
      <desc>Block of one</desc>
      <diag><name>X10</name><desc>Made-up rash</desc></diag>
    </section>
  </chapter>
</ICD10CM.tabular>
"""
NOTE = (
    "7th characters A and D do not apply to codes in category X01 with 6th character 7 - death "
    "due to this, or 8 - death due to that."
)


def load(folder: Path, file: str, text: str | bytes, **options: str) -> tuple[Release, Report]:
    path = folder / file
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return loaded(icd10.load, icd10.FILTERABLE, path, **options)


def tabular(folder: Path, note: str = NOTE) -> tuple[Release, Report]:
    return load(folder, "icd10cm_tabular_2099.xml", TABULAR % note)


def billable(release: Release) -> list[str]:
    return codes(release, release.of_property("billable", "true"))


def test_the_tabular_list_gives_chapters_blocks_codes_and_seventh_characters(
    tmp_path: Path,
) -> None:
    release, report = tabular(tmp_path)
    assert release.canonical == "http://hl7.org/fhir/sid/icd-10-cm|2099"
    injured = release.get("X01.1XXA")
    assert injured is not None
    assert injured.display == "Injury of the elbow, initial encounter"
    assert injured.parents == ("X01.1",)
    assert release.is_below("X01.1XXA", "1")
    block = release.get("X00-X09")
    assert block is not None and block.is_abstract
    # A block of one category has no code of its own.
    assert release.get("X10-X10") is None
    assert release.is_below("X10", "1")
    assert codes(release, release.with_texts("phantom")) == ["X00.0"]
    assert report.refusals == []
    assert report.absent == []


def test_only_codes_that_exist_are_made_of_a_seventh_character(tmp_path: Path) -> None:
    release, _ = tabular(tmp_path)
    # The nearest definition counts; the note takes A from a sixth character 7.
    made = ["X01.1XXA", "X01.1XXS", "X01.207D", "X01.307S"]
    assert billable(release) == ["X00.0", *made, "X10"]


def test_an_exception_that_is_not_understood_makes_up_no_code(tmp_path: Path) -> None:
    release, report = tabular(tmp_path, "The 7th character may not apply to some codes.")
    assert billable(release) == ["X00.0", "X01.207D", "X10"]
    assert [lacks for _, lacks in report.absent] == [
        "codes below X01.1: the exception to its 7th characters is not known",
        "codes below X01.307: the exception to its 7th characters is not known",
    ]


def line(number: int, code: str, flag: str, short: str, long: str) -> str:
    return f"{number:05} {code:<7} {flag} {short:<60} {long}"


def test_the_order_file_gets_the_points_that_it_leaves_out(tmp_path: Path) -> None:
    text = "\n".join(
        (
            line(1, "X00", "0", "Made-up fever", "Made-up fever"),
            line(2, "X000", "1", "Made-up fever, mld", "Made-up fever, mild"),
            line(3, "X011XXA", "1", "Inj elbow, init", "Injury of the elbow, initial encounter"),
            line(4, "x0", "1", "broken", "broken"),
            "00005 X02",
            line(6, "X00", "0", "Made-up fever", "again"),
        )
    )
    release, report = load(tmp_path, "icd10cm_order_2099.txt", text)
    assert release.version == "2099"
    assert codes(release, release.everyone) == ["X00", "X00.0", "X01.1XXA"]
    assert billable(release) == ["X00.0", "X01.1XXA"]
    assert release.is_below("X00.0", "X00")
    assert codes(release, release.with_texts("mld")) == ["X00.0"]
    assert [(each.line, each.why) for each in report.refusals] == [
        (4, "not the columns of an order file"),
        (5, "not the columns of an order file"),
        (6, "this code stood here before"),
    ]


def test_of_what_cms_delivers_together_the_whole_list_is_taken(tmp_path: Path) -> None:
    files = {
        "icd10cm-order-addenda-2099.txt": "Add: X00",
        "icd10cm-codes-2099.txt": "X00 Made-up fever",
        "icd10cm-order-April-2099.txt": line(1, "X00", "1", "Fever", "Made-up fever"),
    }
    release, _ = loaded(icd10.load, icd10.FILTERABLE, zipped(tmp_path / "cms.zip", files))
    assert release.canonical == "http://hl7.org/fhir/sid/icd-10-cm|2099"
    assert codes(release, release.everyone) == ["X00"]


CHINESE = (
    "诊断名称,附加码,诊断编码\n"
    "虚构章,,A00-B99\n"
    "虚构病,,A00\n"
    "虚构病亚目,,A00.0\n"
    "虚构病细目,,A00.000\n"
    "虚构病扩展,,A00.000x001\n"
    "虚构脑病,G01*,A17.0†\n"
    "虚构形态,,M80000/0\n"
    "虚构骨病,,M80\n"
    "没有编码,,\n"
    "虚构病又一,,A00.0\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_chinese_table_keeps_its_codes_and_nests_by_what_they_begin_with(
    tmp_path: Path, encoding: str
) -> None:
    release, report = load(
        tmp_path, "国临版.csv", CHINESE.encode(encoding), url=URL, version="2.0", name="国临版"
    )
    assert (release.canonical, release.name) == (f"{URL}|2.0", "国临版")
    assert release.language == "zh-CN"
    parents = {each.code: each.parents for each in release}
    assert parents["A00.000x001"] == ("A00.000",)
    assert parents["A00.000"] == ("A00.0",)
    assert parents["A00"] == ("A00-B99",)
    assert parents["A17.0†"] == ("A00-B99",)
    # Morphology begins like a disease of the skeleton and is none.
    assert parents["M80000/0"] == ()
    assert codes(release, release.with_texts("脑病")) == ["A17.0†"]
    assert codes(release, release.of_property("additionalCode", "G01*")) == ["A17.0†"]
    assert [(each.line, each.why) for each in report.refusals] == [
        (10, "no ICD-10 code, or no name"),
        (11, "this code stood here before"),
    ]


def test_a_column_of_parents_goes_before_what_codes_begin_with(tmp_path: Path) -> None:
    table = "code\tname\tparent\nX00\tone\t\nX01\ttwo\t\nX01.1\tthree\tX00\nX02\tfour\tX99\n"
    release, report = load(tmp_path, "list.txt", table, url=URL, version="1")
    assert {each.code: each.parents for each in release}["X01.1"] == ("X00",)
    assert report.absent == [("list.txt", "X99, which is above X02")]


@pytest.mark.parametrize("given", [{}, {"url": URL}, {"version": "2.0"}])
def test_a_table_is_taken_only_with_its_url_and_version(
    tmp_path: Path, given: dict[str, str]
) -> None:
    with pytest.raises(SourceRefused, match="--url URL --version"):
        load(tmp_path, "list.csv", CHINESE, **given)
