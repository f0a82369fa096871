"""`attending predict`: a file in, results beside it, and every refused row with its reason."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fhir_server import cli
from fhir_server.r4.codec import encode
from fhir_server.text_catalogue import _catalogue, say
from tests.support import oracles
from tests.support.batch import CHINA_PAR, CKD_EPI, PREVENT, model, scored
from tests.support.patients import (
    NOW,
    drug,
    patient,
    usual_conditions,
    usual_results,
    without,
)

DIGEST = model("china-par").digest


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ATTENDING_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)


def table(rows: list[dict[str, str]], name: str = "p.csv", *, charset: str = "utf-8") -> str:
    with Path(name).open("w", encoding=charset, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return name


def read_csv(name: str) -> list[dict[str, str]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_lines(name: str) -> list[dict]:
    return [json.loads(line) for line in Path(name).read_text(encoding="utf-8").splitlines()]


def predict(*words: str) -> int:
    return cli.main(["predict", *words])


def test_a_csv_file_is_scored_and_what_is_refused_is_listed(capsys) -> None:
    rows = [
        {"nr": f"k{number}", **CHINA_PAR, "remark": ""} | change
        for number, change in enumerate(
            [{}, {"age": "34"}, {"total_cholesterol[mmol/L]": "224"}, {"family_history": ""}]
        )
    ]
    assert predict("china-par", table(rows), "--id", "nr") == 1
    told = capsys.readouterr()
    assert "2 of 4 rows scored: p.china-par.csv" in told.out
    assert "2 rows refused" in told.err
    assert "Columns that are not used: remark" in told.err
    assert "100 %" in told.err
    results = read_csv("p.china-par.csv")
    assert [(each["row"], each["nr"]) for each in results] == [("1", "k0"), ("4", "k3")]
    assert float(results[0]["ascvd"]) == scored("china-par", [CHINA_PAR]).estimate[0, 0]
    assert results[0]["ascvd_low"] == ""
    assert float(results[1]["ascvd_low"]) < float(results[1]["ascvd_high"])
    assert results[0]["risk-category"] == "high"
    first, second = read_lines("p.china-par.refused.ndjson")
    assert (first["row"], first["id"], first["column"], first["value"]) == (2, "k1", "age", "34")
    assert (first["low"], first["high"], first["scored"]) == (35, 74, False)
    assert first["reason"] == "age: 34 is outside the model's range of 35 to 74 a"
    assert second["value"] == "224 mmol/L"
    assert second["code"] == "implausible"
    assert "check the value and its unit" in second["reason"]
    about = json.loads(Path("p.china-par.csv.meta.json").read_text(encoding="utf-8"))
    assert (about["model"], about["version"]) == ("china-par", "1.0.0")
    assert about["digest"] == f"sha256:{DIGEST}"
    assert about["inputs"]["sbp[mm[Hg]]"] == "mm[Hg]"


def test_reasons_are_said_in_chinese_too(monkeypatch, capsys) -> None:
    monkeypatch.setenv("ATTENDING_LANGUAGE", "zh-CN")
    predict("china-par", table([CHINA_PAR | {"age": "34"}]))
    assert "拒绝 1 行" in capsys.readouterr().err
    (line,) = read_lines("p.china-par.refused.ndjson")
    assert line["reason"] == "age：34 超出模型范围 35 至 74 a"


def test_the_catalogues_hold_a_text_for_every_refusal() -> None:
    from typing import get_args

    from inference.batch.refusal import RefusalCode

    codes = {*get_args(RefusalCode), "not-a-sex"} - {"excluded"}
    values = dict.fromkeys(("column", "value", "unit", "low", "high"), "-")
    for language in ("en", "zh-CN"):
        for code in codes:
            assert say(language, f"predict.row.{code}", **values)


def test_the_catalogues_hold_a_text_for_every_reason_to_refuse_a_file() -> None:
    import re

    import inference.batch
    from fhir_server import commands

    sources = [path for room in (inference.batch, commands)
               for path in Path(room.__path__[0]).glob("*.py")]  # fmt: skip
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(r'BatchRefused\(\s*"([a-z-]+)"', text))
    assert len(codes) > 20
    for language in ("en", "zh-CN"):
        texts = _catalogue(language)
        assert {f"predict.refused.{code}" for code in codes} == {
            key for key in texts if key.startswith("predict.refused.")
        }


def test_without_anything_refused_the_exit_code_is_0_and_there_is_no_list() -> None:
    assert predict("ckd-epi-2021", table([CKD_EPI, CKD_EPI])) == 0
    assert not Path("p.ckd-epi-2021.refused.ndjson").exists()
    results = read_csv("p.ckd-epi-2021.csv")
    assert [each["kdigo-risk"] for each in results] == ["moderate", "moderate"]
    assert list(results[0]) == [
        "row", "egfr", "gfr-category", "albuminuria-category", "kdigo-risk",
    ]  # fmt: skip


def test_model_version_and_digest_are_columns_on_request() -> None:
    assert predict("china-par", table([CHINA_PAR]), "--stamp", "--output", "o.csv") == 0
    (row,) = read_csv("o.csv")
    assert (row["model"], row["model_version"], row["model_digest"]) == (
        "china-par", "1.0.0", DIGEST,
    )  # fmt: skip


def test_units_may_stand_in_a_file_of_their_own() -> None:
    row = {name.partition("[")[0]: cell for name, cell in CKD_EPI.items()}
    Path("units.json").write_text(json.dumps({"creatinine": "umol/L", "acr": "mg/mmol"}))
    assert predict("ckd-epi-2021", table([row]), "--units", "units.json") == 0
    assert float(read_csv("p.ckd-epi-2021.csv")[0]["egfr"]) == pytest.approx(
        oracles.ckd_epi_2021({"male": 1, "age": 58, "creatinine": 88 * 0.011312}), rel=1e-12
    )


def test_a_line_with_too_few_cells_is_refused_for_its_values_may_have_moved() -> None:
    name = table([CKD_EPI, CKD_EPI])
    Path(name).write_text(Path(name).read_text() + "1,58,88\n\n1,58,88,3.5\n")
    assert predict("ckd-epi-2021", name) == 1
    assert [each["row"] for each in read_csv("p.ckd-epi-2021.csv")] == ["1", "2", "4"]
    (line,) = read_lines("p.ckd-epi-2021.refused.ndjson")
    assert (line["row"], line["code"], line["column"]) == (3, "cells", "line 4")


def parquet(rows: list[dict[str, str]], *, types: dict[str, pa.DataType] | None = None) -> str:
    columns = {}
    for name in rows[0]:
        cells = [row[name] or None for row in rows]
        type = (types or {}).get(name, pa.float64())
        if pa.types.is_string(type):
            columns[name] = pa.array(cells, type)
        else:
            numbers = [None if cell is None else float(cell) for cell in cells]
            columns[name] = pa.array(numbers, pa.float64()).cast(type)
    pq.write_table(pa.table(columns), "p.parquet", row_group_size=2)
    return "p.parquet"


def test_a_parquet_file_gives_the_same_figures_and_names_its_model() -> None:
    rows = [PREVENT, PREVENT | {"bmi[kg/m2]": ""}, PREVENT | {"age": "29"}, PREVENT]
    name = parquet(rows, types={"male": pa.bool_(), "age": pa.int16(), "smoker": pa.string()})
    assert predict("prevent-base-10y", name) == 1
    found = pq.read_table("p.prevent-base-10y.parquet")
    assert found.column("row").to_pylist() == [1, 2, 4]
    expected = scored("prevent-base-10y", [PREVENT]).estimate[0]
    outcomes = [outcome.id for outcome in model("prevent-base-10y").definition.outcomes]
    for place, outcome in enumerate(outcomes):
        assert found.column(outcome)[0].as_py() == pytest.approx(expected[place], abs=1e-14)
    assert found.column("heart-failure").to_pylist()[1] is None
    assert found.column("treatment-threshold").to_pylist() == ["at-or-above"] * 3
    metadata = found.schema.metadata
    assert metadata[b"attending.model"] == b"prevent-base-10y"
    digest = model("prevent-base-10y").digest
    assert metadata[b"attending.digest"] == f"sha256:{digest}".encode()
    (line,) = read_lines("p.prevent-base-10y.refused.ndjson")
    assert (line["row"], line["code"]) == (3, "outside-domain")


def test_the_number_of_a_patient_keeps_every_digit() -> None:
    number = 110101196803120013  # beyond what float64 holds
    columns = {name: [float(cell)] for name, cell in CKD_EPI.items()}
    pq.write_table(pa.table(columns | {"nr": pa.array([number], pa.int64())}), "p.parquet")
    assert predict("ckd-epi-2021", "p.parquet", "--id", "nr") == 0
    assert pq.read_table("p.ckd-epi-2021.parquet").column("nr").to_pylist() == [str(number)]


def test_a_file_with_a_header_alone_gives_a_table_without_rows() -> None:
    Path("p.csv").write_text(",".join(CKD_EPI) + ",\n")
    assert predict("ckd-epi-2021", "p.csv") == 0
    assert read_csv("p.ckd-epi-2021.csv") == []


def test_a_parquet_column_of_dates_or_of_yes_and_no_is_no_quantity(capsys) -> None:
    for type in (pa.bool_(), pa.timestamp("s")):
        columns = {name: [float(cell)] for name, cell in CKD_EPI.items()}
        columns["creatinine[umol/L]"] = pa.array([1], pa.int64()).cast(type)
        pq.write_table(pa.table(columns), "p.parquet")
        assert predict("ckd-epi-2021", "p.parquet") == 1
        assert "creatinine[umol/L] is of type" in capsys.readouterr().err


def test_a_refused_value_is_told_with_what_would_be_taken_in_the_unit_of_the_file() -> None:
    Path("p.csv").write_text("sex,age,creatinine[umol/L]\nmale,58,50000\nmale,130,88\n")
    assert predict("ckd-epi-2021", "p.csv") == 1
    slip, old = read_lines("p.ckd-epi-2021.refused.ndjson")
    assert (slip["low"], slip["high"], slip["unit"]) == (15, 3000, "umol/L")
    assert "50000 umol/L is outside" in slip["reason"]
    assert (old["low"], old["high"], old["unit"]) == (18, 120, "a")


def test_results_are_never_overwritten(capsys) -> None:
    name = table([CKD_EPI])
    for there in ("p.ckd-epi-2021.csv", "p.ckd-epi-2021.refused.ndjson"):
        Path(there).write_text("mine")
        assert predict("ckd-epi-2021", name) == 1
        assert "is not overwritten" in capsys.readouterr().err
        assert Path(there).read_text() == "mine"
        Path(there).unlink()


def test_a_file_that_breaks_half_way_leaves_no_results(capsys) -> None:
    name = table([CKD_EPI] * 3)
    Path(name).write_bytes(Path(name).read_bytes() + b'"1,58,88,3.5\n')
    assert predict("ckd-epi-2021", name) == 1
    assert "p.csv line 5: no whole CSV" in capsys.readouterr().err
    assert [each.name for each in Path().iterdir() if each.name.startswith("p.")] == ["p.csv"]


def test_a_file_as_a_chinese_spreadsheet_saves_it() -> None:
    """GB18030, without a word of which the file would tell; sex in Chinese."""
    Path("p.csv").write_text(
        "住院号,sex,age,creatinine[umol/L]\n甲1,男,58,88\n乙,女,58,88\n", "gb18030"
    )
    assert predict("ckd-epi-2021", "p.csv", "--id", "住院号") == 0
    told = {row["住院号"]: round(float(row["egfr"]), 1) for row in read_csv("p.ckd-epi-2021.csv")}
    assert told == {"甲1": 87.7, "乙": 65.7}
    about = json.loads(Path("p.ckd-epi-2021.csv.meta.json").read_text("utf-8"))
    assert about["charset"] == "GB18030"


def test_utf_8_is_never_taken_for_gb18030() -> None:
    """These bytes are valid in both: 甲乙 is six of them, which GB18030 reads as three signs."""
    text = "nr,sex,age,creatinine[umol/L]\n甲乙,male,58,88\n"
    assert text.encode().decode("gb18030") != text
    Path("p.csv").write_text(text, "utf-8")
    assert predict("ckd-epi-2021", "p.csv", "--id", "nr") == 0
    (row,) = read_csv("p.ckd-epi-2021.csv")
    assert row["nr"] == "甲乙"


def test_a_file_in_another_character_set_is_refused(capsys) -> None:
    name = table([CKD_EPI])
    Path(name).write_bytes(Path(name).read_bytes() + b"\xff\xfe,58,88,3.5\n")
    assert predict("ckd-epi-2021", name) == 1
    assert "is neither UTF-8 nor GB18030" in capsys.readouterr().err
    assert [each.name for each in Path().iterdir() if each.name.startswith("p.")] == ["p.csv"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ckd-epi-2021", "absent.csv"), "there is no such file"),
        (("none", "p.csv"), "There is no model 'none'; there are bode, cha2ds2-vasc"),
        (("ckd-epi-2021", "p.xlsx"), "only .csv, .parquet, .ndjson and .jsonl are read"),
        (("china-par", "p.csv"), "the file has no column for them"),
        (("ckd-epi-2021", "p.csv", "--id", "nr"), "there is no such column"),
        (("ckd-epi-2021", "p.csv", "--output", "o.parquet"), "of the same kind"),
        (("ckd-epi-2021", "p.csv", "--at", "2026-01-01"), "--at does not go with a .csv file"),
        (("ckd-epi-2021", "p.ndjson", "--stamp"), "--stamp does not go with a .ndjson file"),
        (("ckd-epi-2021", "p.ndjson", "--at", "now"), "write an instant"),
        (("ckd-epi-2021", "p.csv", "--nobody-has", "gout"), "it has dialysis, pregnancy"),
        (("ckd-epi-2021", "p.csv", "--units", "p.ndjson"), "is no JSON object of texts"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why_and_how_to_mend_it(
    words, told, capsys
) -> None:
    row = dict(CKD_EPI)
    table([row])
    Path("p.xlsx").touch()
    Path("p.ndjson").write_text('{"a": 1, "a": 2}\n')
    assert predict(*words) == 1
    assert told in capsys.readouterr().err


def test_without_the_library_parquet_says_what_to_install(monkeypatch, capsys) -> None:
    import sys

    for name in [each for each in sys.modules if each.startswith("inference.batch.parquet")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    Path("p.parquet").touch()
    assert predict("ckd-epi-2021", "p.parquet") == 1
    assert "pip install -c constraints.txt -e '.[batch]'" in capsys.readouterr().err


def person(**changes) -> dict:
    return {
        "patient": patient(),
        "observations": usual_results(),
        "conditions": usual_conditions(),
        "medications": [drug("C08CA01")],
    } | changes


def bundle(**changes) -> dict:
    parts = person(**changes)
    resources = [parts.pop("patient"), *(each for listed in parts.values() for each in listed)]
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def lines(*documents: dict) -> str:
    Path("p.ndjson").write_bytes(b"\n".join(encode(each) for each in documents) + b"\n")
    return "p.ndjson"


AT = ("--at", NOW.isoformat())


def test_ndjson_holds_a_patient_a_line_and_gets_the_whole_answer(capsys) -> None:
    two = bundle()
    two["entry"].append({"resource": patient(id="p2")})
    name = lines(
        person(),
        person(observations=without(usual_results(), "waist")),
        bundle(),
        two,
        person(medications=[drug("C08CA01", subject={"reference": "Patient/p2"})]),
    )
    Path(name).write_bytes(Path(name).read_bytes() + b"{broken\n")
    assert predict("china-par", name, *AT) == 1
    told = capsys.readouterr()
    assert "1 of 6 rows scored" in told.out
    assert "100 %" in told.err
    (answer,) = read_lines("p.china-par.ndjson")
    assert (answer["row"], answer["id"]) == (1, "p1")
    assert answer["model"]["digest"] == f"sha256:{DIGEST}"
    assert answer["notice"].startswith("AI-assisted decision support")
    assert answer["confidence"]["reasons"]
    refused = read_lines("p.china-par.refused.ndjson")
    assert [each["row"] for each in refused] == [2, 3, 4, 5, 6]
    assert refused[0]["reasons"][0]["input"] == "waist"
    # A Bundle that does not say that its lists are whole proves no absence of heart disease.
    assert refused[1]["reasons"][0]["code"] == "state-not-known"
    assert "2 patients" in refused[2]["reasons"][0]["text"]
    assert refused[3]["reasons"][0]["where"] == ["medications[0].subject"]
    assert "Malformed JSON" in refused[4]["reasons"][0]["text"]


def test_a_bundle_whose_lists_are_complete_is_answered() -> None:
    complete = ("--complete", "conditions", "--complete", "medications")
    assert predict("china-par", lines(bundle()), *AT, *complete) == 0
    (answer,) = read_lines("p.china-par.ndjson")
    assert answer["categories"][0]["steps"][0]["id"] == "high"


def test_on_request_a_missing_value_of_a_patient_is_imputed_and_marked(monkeypatch) -> None:
    monkeypatch.setenv("ATTENDING_REGION", "US")
    name = lines(person(observations=without(usual_results(), "hdl")))
    assert predict("china-par", name, *AT, "--output", "without.ndjson") == 1
    assert predict("china-par", name, *AT, "--impute") == 0
    (answer,) = read_lines("p.china-par.ndjson")
    (imputed,) = answer["imputed"]
    assert (imputed["input"], imputed["population"]) == ("hdl_cholesterol", "US")
    assert answer["confidence"]["level"] == "low"


def test_a_table_is_not_imputed_for(capsys) -> None:
    assert predict("china-par", table([CHINA_PAR]), "--impute") == 1
    assert "--impute" in capsys.readouterr().err
