"""`attending models ...`, as hospital IT and the quality officer use them."""

import json
from pathlib import Path

import pytest

from fhir_server import cli
from inference.releases import manifest, package, state_log
from tests.support.model_releases import files_of, put


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ATTENDING_LANGUAGE", "en")
    return tmp_path / "data" / "models"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    path = tmp_path / "incoming" / "china-par-1.1.0.zip"
    package.write(path, files_of())
    return path


def models(*words: str) -> int:
    return cli.main(["models", *map(str, words)])


def decided(*words: str) -> int:
    return models(*words, "--by", "Dr Wu", "--why", "yearly review")


def states(out: str) -> dict[str, str]:
    rows = [line.split("\t") for line in out.splitlines()[1:]]
    return {f"{row[0]} {row[1]}": row[2] for row in rows}


def test_from_the_release_to_the_rollback(release, deployment, capsys):
    assert models("install", release) == 0
    assert "china-par 1.1.0 is installed as a draft" in capsys.readouterr().out
    assert decided("state", "china-par", "1.1.0", "active") == 1
    assert "goes from draft to" in capsys.readouterr().err
    assert decided("state", "china-par", "1.1.0", "shadow") == 0
    assert decided("state", "china-par", "1.1.0", "active") == 0
    assert "china-par 1.0.0 is retired" in capsys.readouterr().out
    assert models("list") == 0
    listed = states(capsys.readouterr().out)
    assert (listed["china-par 1.0.0"], listed["china-par 1.1.0"]) == ("retired", "active")
    assert models("show", "china-par") == 0
    shown = capsys.readouterr().out
    assert "china-par 1.1.0" in shown
    assert "draft -> shadow  Dr Wu: yearly review" in shown
    assert models("remove", "china-par", "1.1.0") == 1
    assert "retire it first" in capsys.readouterr().err
    assert decided("rollback", "china-par") == 0
    assert "china-par 1.1.0 is retired" in capsys.readouterr().out
    assert models("list") == 0
    assert states(capsys.readouterr().out)["china-par 1.0.0"] == "active"
    assert decided("rollback", "china-par") == 1
    assert models("remove", "china-par", "1.1.0") == 0
    assert len(state_log.history(deployment)) == 3


def test_a_server_in_production_takes_what_a_trusted_key_signed(
    release, tmp_path, monkeypatch, capsys
):
    key = tmp_path / "keys" / "models"
    key.parent.mkdir()
    assert models("keygen", key) == 0
    assert "models.pub" in capsys.readouterr().out
    monkeypatch.setenv("ATTENDING_MODELS_TRUSTED_KEYS", json.dumps([f"{key}.pub"]))
    assert models("install", release) == 1
    assert "is not signed" in capsys.readouterr().err
    assert models("sign", release, "--key", key) == 0
    assert models("install", release) == 0
    assert models("sign-shipped", "--key", key) == 0
    capsys.readouterr()
    assert models("verify") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    verdicts = {(row[0], row[1]): row[2] for row in rows}
    assert verdicts["china-par-1.1.0", "signature"] == "OK"
    assert verdicts["china-par-1.1.0", "self-test"] == "OK"
    assert verdicts["china-par-1.1.0", "float64"] == "SKIPPED"
    assert verdicts["shipped", "signature"] == "OK"
    monkeypatch.delenv("ATTENDING_MODELS_TRUSTED_KEYS")
    assert models("verify") == 1
    assert models("list") == 1
    assert "no trusted key" in capsys.readouterr().err


def test_a_damaged_release_is_a_row_and_the_exit_code(deployment, capsys):
    path = put(deployment)
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    assert models("verify") == 1
    assert "china-par-1.1.0\tsha256\tFAILED" in capsys.readouterr().out
    assert models("list") == 1
    assert decided("state", "china-par", "1.1.0", "shadow") == 1


def test_what_is_exported_here_is_a_release_elsewhere(tmp_path, capsys):
    key = tmp_path / "key"
    assert models("keygen", key) == 0
    target = tmp_path / "out" / "ckd-epi-2021-1.0.0"
    assert models("export", "ckd-epi-2021", "--to", target, "--sign", key) == 0
    assert {p.name for p in target.iterdir()} == {
        manifest.ATTRIBUTES, manifest.DEFINITION, manifest.GOLDEN, manifest.GRAPH,
        manifest.MANIFEST, manifest.SIGNATURE,
    }  # fmt: skip
    assert models("install", target) == 1
    assert "ships with this server" in capsys.readouterr().err


def test_a_model_card_is_written_as_a_page(release, tmp_path, monkeypatch, capsys):
    target = tmp_path / "card.html"
    assert models("show", "kfre-4", "--card", target) == 0
    assert "The model card of kfre-4-1.0.0" in capsys.readouterr().out
    shown = target.read_text(encoding="utf-8")
    assert '<html lang="en">' in shown
    assert "31 cohorts of four continents with 721,357 patients" in shown
    monkeypatch.setenv("ATTENDING_LANGUAGE", "zh-CN")
    assert models("install", release) == 0
    assert models("show", "china-par", "1.1.0", "--card", target) == 0
    assert "china-par 1.1.0 · 草稿" in target.read_text(encoding="utf-8")
    assert models("show", "china-par", "7.0.0", "--card", target) == 1


def test_refusals_are_said_in_chinese_too(release, monkeypatch, capsys):
    monkeypatch.setenv("ATTENDING_LANGUAGE", "zh-CN")
    assert decided("state", "china-par", "7.0.0", "shadow") == 1
    assert "不存在" in capsys.readouterr().err
    assert models("install", release) == 0
    assert models("install", release) == 1
    assert "已存在" in capsys.readouterr().err
    assert models("list") == 0
    assert capsys.readouterr().out.startswith("编号\t版本\t状态")


def test_looking_creates_nothing(deployment):
    assert models("list") == 0
    assert models("verify") == 0
    assert models("show", "china-par") == 0
    assert not deployment.exists()


def test_an_active_release_that_is_gone_is_told_and_can_be_rolled_back(release, deployment, capsys):
    assert models("install", release) == 0
    assert decided("state", "china-par", "1.1.0", "shadow") == 0
    assert decided("state", "china-par", "1.1.0", "active") == 0
    (deployment / "china-par-1.1.0.zip").unlink()
    assert models("list") == 1
    assert "attending models rollback china-par" in capsys.readouterr().err
    assert models("verify") == 1
    assert decided("rollback", "china-par") == 0
    assert models("list") == 0
