"""`attending demo`: the whole story against a temporary server, each step printed for a person."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from fhir_server.demo.laboratory import Laboratory, acknowledgment_code
from fhir_server.demo.people import Story, stories
from fhir_server.demo.server import DemoServer, ServerFailed, running
from fhir_server.rest.cds_services import UNANSWERED_EXTENSION
from fhir_server.text_catalogue import say
from inference.contract import Language

SERVICE = "chronic-risk-order-sign"
SAME_WITHIN = 1e-9
_CONTROL_ID = 9  # MSH-10, counted from the segment name
_ACCEPT, _APPLICATION = 14, 15  # MSH-15 and MSH-16
_CORPUS = Path("../shared/hl7v2/messages.jsonl.gz")
_ESTIMATE = "https://attending.org/fhir/StructureDefinition/estimate"


class DemoFailed(RuntimeError):
    """A step did not do what the product promises."""


def demo(language: Language, *, corpus: str | None) -> int:
    """Run every step; 0 where all numbers equal their references."""
    print(say(language, "demo.title"))
    local_codes = resources.files("fhir_server.demo") / "local-codes.json"
    try:
        with resources.as_file(local_codes) as path:
            for story in stories(datetime.now(ZoneInfo("Asia/Shanghai"))):
                with _server(path, story.region, language) as server:
                    _tell(story, server, language)
            with _server(path, "CN", language) as server:
                _send_corpus(server, language, Path(corpus) if corpus else _CORPUS)
    except (DemoFailed, ServerFailed, httpx.HTTPError, OSError) as failure:
        print(say(language, "demo.failed", why=failure), file=sys.stderr)
        return 1
    print(say(language, "demo.done"))
    return 0


@contextmanager
def _server(local_codes: Path, region: str, language: Language) -> Iterator[DemoServer]:
    """Run a server in a country: which model answers depends on it."""
    with running(local_codes=local_codes, settings={"ATTENDING_REGION": region}) as server:
        where = {"url": server.url, "port": server.mllp_port, "region": region}
        print("\n" + say(language, "demo.server", **where))
        yield server


def _tell(story: Story, server: DemoServer, language: Language) -> None:
    raw = story.message.encode(story.charset)
    with Laboratory(server.mllp_port) as laboratory:
        code = acknowledgment_code(laboratory.send(raw))
    sent = {"file": story.file, "size": len(raw), "charset": story.charset, "ack": code}
    print("\n" + say(language, "demo.send", **sent))
    if code != "AA":
        raise DemoFailed(f"{story.file}: {code}")
    with httpx.Client(base_url=server.url, timeout=20) as client:
        _show_stored(story, client, language)
        _show_cards(story, client, server, language)


def _show_stored(story: Story, client: httpx.Client, language: Language) -> None:
    system, value = story.identifier
    found = _ok(client.get("/fhir/Patient", params={"identifier": f"{system}|{value}"}))
    patient = found["entry"][0]["resource"]["id"]
    results = _ok(client.get("/fhir/Observation", params={"patient": patient, "_count": 50}))
    entries = results.get("entry", [])
    print(say(language, "demo.stored", patient=patient, count=len(entries)))
    for entry in entries:
        resource = entry["resource"]
        quantity = resource.get("valueQuantity", {})
        codes = " ".join(coding["code"] for coding in resource["code"]["coding"])
        print(f"   {codes}: {quantity.get('value')} {quantity.get('unit')}")


def _show_cards(story: Story, client: httpx.Client, server: DemoServer, language: Language) -> None:
    identifier = "|".join(story.identifier)
    print(say(language, "demo.hook", service=SERVICE, identifier=identifier))
    answer = _ok(
        client.post(
            f"/cds-services/{SERVICE}",
            json=story.hook_request,
            headers={"Accept-Language": story.language},
        )
    )
    met = set()
    for card in answer["cards"]:
        confidence = card["extension"]["org.attending.confidence"]["level"]
        shown = {"indicator": card["indicator"], "level": confidence, "summary": card["summary"]}
        print(say(language, "demo.card", **shown))
        model = card["extension"]["org.attending.model"]["id"]
        if model in story.expected:
            _check(story.expected[model], card, client, server, language)
            met.add(model)
    _print_card(answer["cards"][0])
    for each in answer.get("extension", {}).get(UNANSWERED_EXTENSION, ()):
        print(say(language, "demo.unanswered", question=each["name"], why=each["text"]))
    if met != set(story.expected):
        raise DemoFailed(f"no card of {', '.join(sorted(set(story.expected) - met))}")


def _check(
    expected: float,
    card: dict[str, Any],
    client: httpx.Client,
    server: DemoServer,
    language: Language,
) -> None:
    record = next(link["url"] for link in card["links"] if "/fhir/RiskAssessment/" in link["url"])
    assessment = _ok(client.get(record))
    first = assessment["prediction"][0]
    found = next(e["valueQuantity"]["value"] for e in first["extension"] if e["url"] == _ESTIMATE)
    difference = abs(found - expected)
    equal = difference <= SAME_WITHIN * max(1.0, abs(expected))
    print(
        say(
            language,
            "demo.reference",
            outcome=first["outcome"]["coding"][0]["code"],
            expected=f"{expected:.12g}",
            found=f"{found:.12g}",
            difference=f"{difference:.1e}",
            verdict=say(language, "demo.equal" if equal else "demo.unequal"),
        )
    )
    if not equal:
        raise DemoFailed(f"{record}: {found!r}, expected {expected!r}")
    _replay(assessment["id"], server, language)


def _replay(assessment_id: str, server: DemoServer, language: Language) -> None:
    done = subprocess.run(  # noqa: S603 (this interpreter, this package)
        [sys.executable, "-m", "fhir_server.cli", "replay", assessment_id],
        env=server.environment | {"PYTHONUTF8": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    verdict = say(language, "demo.equal" if done.returncode == 0 else "demo.unequal")
    print(say(language, "demo.replay", id=assessment_id, verdict=verdict))
    if done.returncode:
        raise DemoFailed(done.stdout + done.stderr)


def _print_card(card: dict[str, Any]) -> None:
    width = min(os.get_terminal_size().columns if sys.stdout.isatty() else 100, 100)
    print("─" * width)
    print(card["summary"], card["detail"], sep="\n\n")
    print("─" * width)


def _send_corpus(server: DemoServer, language: Language, path: Path) -> None:
    if not path.exists():
        print("\n" + say(language, "demo.no-corpus", path=path))
        return
    with gzip.open(path, "rt", encoding="utf-8") as file:
        messages = [json.loads(line)["hl7"] for line in file]
    answers: Counter[str] = Counter()
    with Laboratory(server.mllp_port) as laboratory:
        for number, message in enumerate(messages, start=1):
            answer = laboratory.send(_as_sent(message, number).encode("utf-8"))
            answers[acknowledgment_code(answer)] += 1
            if sys.stderr.isatty():
                print(f"\r   {number}/{len(messages)}", end="", file=sys.stderr)
    print(
        "\n"
        + say(
            language,
            "demo.corpus",
            total=len(messages),
            aa=answers["AA"],
            ae=answers["AE"],
            ar=answers["AR"],
            none=len(messages) - answers.total(),
        )
    )


def _as_sent(message: str, number: int) -> str:
    """Give a message a control id of its own, and have it acknowledged in original mode.

    Samples of many projects share a few ids, and some ask for no answer where they are refused.
    """
    header, end, rest = message.partition("\r")
    fields = header.split("|")
    if len(fields) > _CONTROL_ID and fields[_CONTROL_ID]:
        fields[_CONTROL_ID] = f"DEMO-CORPUS-{number}"
    fields[_ACCEPT : _APPLICATION + 1] = [""] * len(fields[_ACCEPT : _APPLICATION + 1])
    return "|".join(fields) + end + rest


def _ok(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise DemoFailed(f"{response.request.url}: {response.status_code} {response.text[:500]}")
    found: dict[str, Any] = response.json()
    return found
