"""Settings and profiles: what refuses a start, and that each refusal names its variable."""

from pathlib import Path

import pytest

from fhir_server import profiles, wiring
from fhir_server.cli import load_settings, main
from fhir_server.settings import Settings, SettingsRefused, unknown_variables
from inference.features.risk_regions import RiskRegions

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_defaults_are_the_documented_ones():
    settings = Settings()
    assert settings.profile == "evaluation"
    assert (settings.http_port, settings.mllp_port) == (8080, 2575)
    assert settings.language == "zh-CN"
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`ATTENDING_{name.upper()}`" in text
        assert field.description in text


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "::", "hospital.example"])
@pytest.mark.parametrize("name", ["http_host", "mllp_host"])
def test_evaluation_binds_loopback_only(name, host):
    with pytest.raises(SettingsRefused, match=f"ATTENDING_{name.upper()}={host}"):
        profiles.check(Settings(**{name: host}))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_evaluation_takes_any_loopback_address(host):
    profiles.check(Settings(http_host=host))


def test_production_names_everything_that_is_missing():
    with pytest.raises(SettingsRefused) as refused:
        profiles.check(Settings(profile="production"))
    named = {problem.split()[0] for problem in refused.value.problems}
    assert named == {
        "ATTENDING_TLS_CERTIFICATE", "ATTENDING_TLS_KEY", "ATTENDING_CLIENTS_FILE",
        "ATTENDING_BASE_URL", "ATTENDING_MLLP_CLIENT_CA",
    }  # fmt: skip


def test_production_needs_https_and_no_sender_s_ca_without_mllp():
    plain = "http://h.example"
    settings = Settings(profile="production", mllp_port=0, base_url=plain)
    with pytest.raises(SettingsRefused) as refused:
        profiles.check(settings)
    assert any("https" in problem for problem in refused.value.problems)
    assert not any("MLLP" in problem for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATTENDING_HTTP_PORT", "eighty"),
        ("ATTENDING_TIMEZONE", "Mars/Olympus"),
        ("ATTENDING_LANGUAGE", "fr"),
        ("ATTENDING_REGION", "china"),
        ("ATTENDING_SCORE2_REGION", "CN"),
        ("ATTENDING_SCORE2_ASIA_PACIFIC_REGION", "3"),
        ("ATTENDING_BASE_URL", "hospital"),
        ("ATTENDING_HTTP_PROT", "8080"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(monkeypatch, capsys, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused, match=name):
        load_settings()
    assert main(["hl7v2", "failed"]) == 2
    assert name in capsys.readouterr().err


def test_risk_regions_are_what_the_deployment_states_and_reach_the_models(tmp_path, monkeypatch):
    assert Settings(region="CN").risk_regions == RiskRegions()
    monkeypatch.setenv("ATTENDING_SCORE2_ASIA_PACIFIC_REGION", "high")
    settings = Settings(data_dir=tmp_path, mllp_port=0)
    house = wiring.build(settings)
    try:
        stated = house.cds.evaluation.predictor.risk_regions
    finally:
        house.database.close()
        house.telemetry.close()
    assert stated == RiskRegions(score2=None, score2_asia_pacific="high")


def test_other_programs_variables_are_left_alone():
    assert unknown_variables({"PATH": "x", "ATTENDING_HTTP_PORT": "1", "attending_x": "y"}) == [
        "attending_x"
    ]


def test_commands_that_look_do_not_create_a_database(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path / "none"))
    assert main(["hl7v2", "failed"]) == 1
    assert main(["replay", "x"]) == 1
    assert str(tmp_path) in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
