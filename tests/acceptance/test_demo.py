"""`attending demo` and the commands, from outside: own processes, real sockets."""

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import httpx
import pytest

from fhir_server.demo.laboratory import Laboratory, acknowledgment_code
from fhir_server.demo.server import running

CODES = Path(str(resources.files("fhir_server.demo") / "local-codes.json"))


def attending(*words: str, environment: dict[str, str] | None = None):
    return subprocess.run(
        [sys.executable, "-m", "fhir_server.cli", *words],
        env={**(environment or os.environ), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_demo_tells_the_whole_story_and_every_number_equals_its_reference(language, tmp_path):
    environment = dict(os.environ) | {"ATTENDING_LANGUAGE": language}
    none = str(tmp_path / "no-corpus")
    done = attending("demo", "--corpus", none, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    equal = "一致" if language == "zh-CN" else "equal"
    assert done.stdout.count(f": {equal}" if language == "en" else f"：{equal}") == 8
    assert "China-PAR" in done.stdout
    assert "执业医师" in done.stdout


def test_a_rejected_message_is_listed_and_shown_by_the_commands():
    with running(local_codes=CODES, settings={"ATTENDING_LANGUAGE": "en"}) as server:
        with Laboratory(server.mllp_port) as laboratory:
            answer = laboratory.send(
                b"MSH|^~\\&|LIS|H|A|H|20261101080000||ORU^R01|77|P|2.5.1\rOBR|1|||1^x^LN\r"
            )
        assert acknowledgment_code(answer) == "AE"
        listed = attending("hl7v2", "failed", environment=server.environment)
        assert listed.returncode == 0, listed.stderr
        header, row = listed.stdout.strip().splitlines()
        assert header.startswith("received")
        fields = row.split("\t")
        assert fields[3] == "77"
        assert "PID" in fields[-1]
        shown = attending("hl7v2", "show", fields[1], environment=server.environment)
        assert shown.returncode == 0, shown.stderr
        assert "MSH|^~\\&|LIS" in shown.stdout
        assert attending("hl7v2", "show", "none", environment=server.environment).returncode == 1


def test_the_readme_s_curl_returns_a_card():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    command = readme.split("curl -s", 1)[1].split("| python3", 1)[0]
    with running(local_codes=CODES) as server:
        script = "curl -sf" + command.replace("http://127.0.0.1:8080", server.url)
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        summaries = [card["summary"] for card in json.loads(done.stdout)["cards"]]
        assert any("CKD-EPI 2021" in s and "G3" in s for s in summaries)


def test_a_stopped_server_keeps_what_it_said_it_kept(tmp_path):
    folder = {"ATTENDING_DATA_DIR": str(tmp_path)}
    patient = {"resourceType": "Patient", "id": "p1", "gender": "male"}
    with running(local_codes=CODES, settings=folder) as server:
        assert httpx.put(f"{server.url}/fhir/Patient/p1", json=patient).status_code == 201
    with running(local_codes=CODES, settings=folder) as server:
        assert httpx.get(f"{server.url}/fhir/Patient/p1").json()["gender"] == "male"


def test_evaluation_refuses_to_bind_another_address():
    environment = dict(os.environ) | {"ATTENDING_HTTP_HOST": "0.0.0.0"}
    done = attending("serve", environment=environment)
    assert done.returncode == 2
    assert "ATTENDING_HTTP_HOST" in done.stderr


def test_production_refuses_to_start_and_names_what_is_missing():
    environment = dict(os.environ) | {"ATTENDING_PROFILE": "production"}
    done = attending("serve", environment=environment)
    assert done.returncode == 2
    for name in ("TLS_CERTIFICATE", "TLS_KEY", "CLIENTS_FILE", "BASE_URL", "MLLP_CLIENT_CA"):
        assert f"ATTENDING_{name}" in done.stderr
