"""Run the public tests of terminology servers (HL7/fhir-tx-ecosystem-ig) against this server.

    python -m scripts.check_tx_ecosystem FOLDER [--suite NAME] [--failures]

FOLDER is the suite's folder `tests`; it stays outside of this repository. Tests of `general` mode
are run on a server started for it, and each suite's figure is printed.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import attending
from scripts.check_tx_ecosystem.matching import contained, difference
from scripts.check_tx_ecosystem.versions import to_r4, to_r5, translate_answer, translate_request

_OPERATIONS = {
    "expand": "ValueSet/$expand",
    "validate-code": "ValueSet/$validate-code",
    "cs-validate-code": "CodeSystem/$validate-code",
    "lookup": "CodeSystem/$lookup",
    "translate": "ConceptMap/$translate",
    "batch-validate": "ValueSet/$batch-validate-code",
}
_MODES = (None, "general")


def main() -> int:
    """Print passed and run of each suite; 0 whatever they are, 2 where there is no suite."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--suite", action="append", default=[], help="only this one; repeatable")
    parser.add_argument("--failures", action="store_true", help="print each failure")
    arguments = parser.parse_args()
    cases = arguments.folder / "test-cases.json"
    if not cases.is_file():
        print(f"{arguments.folder} holds no test-cases.json", file=sys.stderr)
        return 2
    passed = run = 0
    with attending() as server, httpx.Client(base_url=server.base + "/", timeout=60) as client:
        for suite in _read(cases)["suites"]:
            name = suite["name"]
            if suite.get("mode") not in _MODES or (arguments.suite and name not in arguments.suite):
                continue
            stored = _set_up(client, arguments.folder, suite)
            tests = [each for each in suite["tests"] if each.get("mode") in _MODES]
            faults = {each["name"]: _fault(client, arguments.folder, each) for each in tests}
            good = sum(fault is None for fault in faults.values())
            for address in stored:
                client.delete(address)
            print(f"{name:<28} {good:4} of {len(tests):4}")
            passed, run = passed + good, run + len(tests)
            if arguments.failures:
                for test, fault in faults.items():
                    if fault is not None:
                        print(f"    {test}: {fault}")
    print(f"{'all of general mode':<28} {passed:4} of {run:4}  {passed / max(run, 1):.1%}")
    return 0


def _set_up(client: httpx.Client, folder: Path, suite: dict[str, Any]) -> list[str]:
    """Store what a suite needs; return the addresses."""
    stored = []
    for path in suite.get("setup", ()):
        resource = to_r4(_read(folder / path))
        # Versions of one resource have one id there.
        answer = client.post(resource["resourceType"], json=resource)
        if answer.status_code >= 400:
            print(f"    {path} is not stored: {_said(answer)}")
        else:
            stored.append(f"{resource['resourceType']}/{answer.json()['id']}")
    return stored


def _fault(client: httpx.Client, folder: Path, test: dict[str, Any]) -> str | None:
    """Return what is other than expected, None where a test is passed."""
    if test["operation"] == "term-caps":
        answer = client.get("metadata", params={"mode": "terminology"})
        return contained(_read(folder / test["response"]), answer.json())
    if test["operation"] == "metadata":
        return contained(_read(folder / test["response"]), client.get("metadata").json())
    path = _OPERATIONS.get(test["operation"])
    if path is None:
        return f"the operation {test['operation']} is not served"
    body = _read(folder / test["request"])
    if "profile" in test:
        profile = _read(folder / test["profile"]).get("parameter", [])
        # `uuid` names the profile for servers that keep it between calls.
        body["parameter"] += [each for each in profile if each["name"] != "uuid"]
    for parameter in body.get("parameter", ()):
        # The parts of a batch are Parameters, which are the same in R4.
        if parameter.get("resource", {}).get("resourceType", "Parameters") != "Parameters":
            parameter["resource"] = to_r4(parameter["resource"])
    asked = body.get("parameter", [])
    if test["operation"] == "translate":
        body["parameter"] = translate_request(asked)
    headers = {"Accept-Language": test["Accept-Language"]} if "Accept-Language" in test else {}
    answer = client.post(path, json=body, headers=headers)
    wanted = test.get("http-code", "200")
    status = str(answer.status_code)
    if status != wanted and f"{status[0]}xx" != wanted:
        return f"status {status} instead of {wanted}: {_said(answer)}"
    found = to_r5(answer.json())
    if test["operation"] == "translate":
        found = translate_answer(found, asked)
    return difference(_read(folder / test["response"]), found)


def _said(answer: httpx.Response) -> str:
    issues = answer.json().get("issue", [{}])
    return str(issues[0].get("diagnostics", answer.text))[:300]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"))


if __name__ == "__main__":
    sys.exit(main())
