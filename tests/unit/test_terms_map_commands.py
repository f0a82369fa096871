"""`attending terms map`: from a laboratory's dictionary to the table that the intake reads."""

import csv
import json
from pathlib import Path

import pytest

from fhir_server import cli
from fhir_server.r4.validation import validate
from terminology.codings import LOINC, Coding
from terminology.local_codes import LocalCodes
from terminology.local_mapping import measured
from terminology.local_mapping.concept_map import ACCEPTED

SYSTEM = "urn:id:H1:99LIS"
POOL = str(Path(__file__).parents[1] / "data" / "local_mapping" / "pool.csv")
DICTIONARY = (
    "项目代码,项目名称,单位,标本类型,备注\n"
    "CREA,肌酐,umol/L,血清,\n"
    "UCREA,尿肌酐,mmol/L,尿,\n"
    "A1C,糖化血红蛋白,%,全血,\n"
    "WBC,白细胞计数,10^9/L,全血,\n"
    "ODD,某某指标,,,\n"
)


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ATTENDING_LANGUAGE", "en")


def suggest(tmp_path: Path, *words: str, text: str = DICTIONARY, charset: str = "gb18030") -> int:
    file = tmp_path / "lis.csv"
    file.write_bytes(text.encode(charset))
    output = ("--output", str(tmp_path / "out"))
    return cli.main(["terms", "map", "suggest", str(file), "--pool", POOL, *output, *words])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_dictionary_becomes_candidates_a_review_list_and_a_table(tmp_path: Path, capsys) -> None:
    assert suggest(tmp_path, "--system", SYSTEM) == 0
    told = capsys.readouterr()
    assert "5 items read (GB18030)" in told.out
    assert "Columns that are not used: 备注" in told.out
    bound = f"{100 * measured.load_measurement().lower_bound():.1f}"
    assert f"0 wrong: precision 100.0 % (at least {bound} % with 95 % confidence" in told.out
    assert "3 accepted by rules, 2 to be reviewed" in told.out
    assert "5/5 100 %" in told.err
    codes = LocalCodes.load(tmp_path / "out" / "accepted.json")
    assert len(codes) == 3
    display = "Creatinine [Moles/volume] in Serum or Plasma"
    assert codes.translate(SYSTEM, "CREA") == (Coding(LOINC, "14682-9", display),)
    assert [each["local code"] for each in rows(tmp_path / "out" / "review.csv")] == ["WBC", "ODD"]
    candidates = rows(tmp_path / "out" / "candidates.csv")
    first = candidates[0]
    assert (first["local code"], first["place"], first["LOINC"]) == ("CREA", "1", "14682-9")
    assert first["reasons"] == (
        "name agrees: Creatinine; unit umol/L agrees with property SCnc; "
        "specimen agrees: 血清 = SerPl"
    )


def test_the_table_is_valid_r4_and_tells_who_and_when_of_each_row(tmp_path: Path) -> None:
    suggest(tmp_path, "--system", SYSTEM)
    resource = json.loads((tmp_path / "out" / "accepted.json").read_text(encoding="utf-8"))
    assert validate(resource) == ()
    assert resource["status"] == "active"
    for element in resource["group"][0]["element"]:
        (target,) = element["target"]
        (extension,) = target["extension"]
        told = {part["url"]: part for part in extension["extension"]}
        assert extension["url"] == ACCEPTED
        assert told["by"]["valueString"].startswith("attending terms map, rules 3")
        assert told["at"]["valueDateTime"] == resource["date"]
        assert told["how"]["valueCode"] == "rule"
        assert "no person has checked this row" in target["comment"]


def test_the_shipped_catalogue_works_alone(tmp_path: Path, capsys) -> None:
    file = tmp_path / "lis.csv"
    file.write_text(DICTIONARY, encoding="utf-8")
    out = tmp_path / "out"
    words = ["suggest", str(file), "--system", SYSTEM, "--output", str(out)]
    assert cli.main(["terms", "map", *words]) == 0
    assert "3 accepted by rules, 2 to be reviewed" in capsys.readouterr().out


def test_imprecise_rules_accept_nothing(tmp_path: Path, monkeypatch, capsys) -> None:
    stored = measured.load_measurement()
    fields = {name: getattr(stored, name) for name in stored.__struct_fields__}
    imprecise = measured.Measurement(**{**fields, "wrong": 1})
    monkeypatch.setattr("fhir_server.commands.terms_map.load_measurement", lambda: imprecise)
    assert suggest(tmp_path, "--system", SYSTEM) == 0
    told = capsys.readouterr().out
    assert "Rules accept nothing" in told
    assert "0 accepted by rules, 5 to be reviewed" in told
    assert not (tmp_path / "out" / "accepted.json").exists()


def test_nothing_is_overwritten(tmp_path: Path, capsys) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x", encoding="utf-8")
    assert suggest(tmp_path, "--system", SYSTEM) == 1
    assert "is there already and is not overwritten" in capsys.readouterr().err
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (DICTIONARY, (), "code CREA has no code system"),
        ("项目代码,单位\nA,g\n", ("--system", SYSTEM), "missing columns: name"),
        ("代码,名称\nA,x\nA,y\n", ("--system", SYSTEM), "line 3: code A stands in line 2"),
        (DICTIONARY, ("--system", SYSTEM, "--charset", "Big5"), "Big5 is not supported"),
        (DICTIONARY, ("--system", SYSTEM, "--charset", "UTF-8"), "is not UTF-8 (byte 0"),
        (DICTIONARY, ("--system", SYSTEM, "--pool", "none.zip"), "none.zip: there is no such file"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, capsys, text, words, said) -> None:
    assert suggest(tmp_path, *words, text=text) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def reviewed(tmp_path: Path, decisions: dict[str, str], *, charset: str = "utf-8-sig") -> Path:
    """The review list with LOINC cells filled, as a spreadsheet saves it."""
    suggest(tmp_path, "--system", SYSTEM)
    path = tmp_path / "out" / "review.csv"
    found = rows(path)
    with path.open("w", encoding=charset, newline="") as file:
        writer = csv.DictWriter(file, found[0].keys())
        writer.writeheader()
        writer.writerows({**row, "LOINC": decisions.get(row["local code"], "")} for row in found)
    return path


@pytest.mark.parametrize("charset", ["utf-8-sig", "gb18030"])
def test_a_reviewed_list_becomes_a_table(tmp_path: Path, capsys, charset: str) -> None:
    path = reviewed(tmp_path, {"WBC": "6690-2", "ODD": "2951-2"}, charset=charset)
    assert cli.main(["terms", "map", "accept", str(path), "--by", "李检验"]) == 0
    told = capsys.readouterr().out
    assert "Note: ODD -> 2951-2 is not among the candidates" in told
    assert "WBC ->" not in told
    codes = LocalCodes.load(tmp_path / "out" / "reviewed.json")
    assert [each.code for each in codes.translate(SYSTEM, "WBC")] == ["6690-2"]
    resource = json.loads((tmp_path / "out" / "reviewed.json").read_text(encoding="utf-8"))
    assert validate(resource) == ()
    assert resource["contact"] == [{"name": "李检验"}]
    for element in resource["group"][0]["element"]:
        told_of = element["target"][0]["extension"][0]["extension"]
        assert told_of[0] == {"url": "by", "valueString": "李检验"}
        assert told_of[2] == {"url": "how", "valueCode": "person"}
    # Both tables in one folder, as the intake reads them.
    assert len(LocalCodes.load(tmp_path / "out")) == 5


def test_the_place_of_a_candidate_may_be_written(tmp_path: Path) -> None:
    path = reviewed(tmp_path, {"WBC": "1"})
    offered = rows(path)[0]["candidate 1"].split(" ")[0]
    assert cli.main(["terms", "map", "accept", str(path), "--by", "Li"]) == 0
    codes = LocalCodes.load(tmp_path / "out" / "reviewed.json")
    assert [each.code for each in codes.translate(SYSTEM, "WBC")] == [offered]


def test_a_list_written_in_chinese_is_read_in_english(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ATTENDING_LANGUAGE", "zh-CN")
    suggest(tmp_path, "--system", SYSTEM)
    path = tmp_path / "out" / "review.csv"
    text = path.read_text(encoding="utf-8-sig")
    assert "未自动接受的原因" in text
    path.write_text(
        text.replace("\n", "6690-2\n").replace("LOINC6690-2", "LOINC"), encoding="utf-8"
    )
    monkeypatch.setenv("ATTENDING_LANGUAGE", "en")
    assert cli.main(["terms", "map", "accept", str(path), "--by", "Li"]) == 0


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("6690-3", "line 2: 6690-3 is no LOINC code"),
        ("白细胞", "line 2: 白细胞 is no LOINC code"),
        ("9", "line 2: there is no candidate 9"),
        ("", "the column LOINC is empty in every row"),
    ],
)
def test_a_wrong_decision_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys, written, said
) -> None:
    path = reviewed(tmp_path, {"WBC": written})
    assert cli.main(["terms", "map", "accept", str(path), "--by", "Li"]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "reviewed.json").exists()


def test_accept_overwrites_nothing_and_wants_a_name(tmp_path: Path, capsys) -> None:
    path = reviewed(tmp_path, {"WBC": "6690-2"})
    assert cli.main(["terms", "map", "accept", str(path), "--by", " "]) == 2
    assert "--by must name" in capsys.readouterr().err
    assert cli.main(["terms", "map", "accept", str(path), "--by", "Li"]) == 0
    before = (tmp_path / "out" / "reviewed.json").read_bytes()
    assert cli.main(["terms", "map", "accept", str(path), "--by", "Wang"]) == 1
    assert "is not overwritten" in capsys.readouterr().err
    assert (tmp_path / "out" / "reviewed.json").read_bytes() == before
    other = str(tmp_path / "other.json")
    assert cli.main(["terms", "map", "accept", str(path), "--by", "Wang", "--output", other]) == 0


def test_every_doubt_reason_and_refusal_has_words_in_both_languages() -> None:
    from typing import get_args

    from fhir_server.text_catalogue import say
    from terminology.local_mapping.auto_accept import Doubt
    from terminology.local_mapping.suggest import ReasonCode

    values = dict.fromkeys(
        ("name", "words", "unit", "property", "specimen", "system", "method", "samples"), "x"
    )
    for language in ("zh-CN", "en"):
        for doubt in get_args(Doubt):
            assert say(language, f"map.doubt.{doubt}")
        for reason in get_args(ReasonCode):
            assert say(language, f"map.reason.{reason}", **values)
