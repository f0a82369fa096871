"""Validate the official R4 examples, and hold each refusal against the written reason for it.

    npm install hl7.fhir.r4.examples                              (in an empty folder)
    python -m scripts.check_r4_examples node_modules/hl7.fhir.r4.examples

Each example is read, validated and written again; its numbers must come back as they were spelled.
`scripts/r4_example_refusals.json` names the examples that break R4's own rules, and why. Anything
else that is refused, or is accepted though it is named there, fails the command.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from fhir_server.r4.codec import decode, encode
from fhir_server.r4.validation import validate

REFUSALS = Path(__file__).with_name("r4_example_refusals.json")
_NO_EXAMPLES = ("package.json", ".index.json")
# A string is skipped as a whole, so that digits inside it are no number.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?[0-9][0-9.eE+\-]*)')


def main() -> int:
    """Check the folder; return 1 where an example is decided otherwise than written down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reasons", action="store_true", help="print each refusal with its reason")
    arguments = parser.parse_args()
    known: dict[str, dict[str, str]] = json.loads(REFUSALS.read_text(encoding="utf-8"))
    paths = [p for p in sorted(arguments.folder.glob("*.json")) if p.name not in _NO_EXAMPLES]
    if not paths:
        print(f"{arguments.folder} holds no examples; name the unpacked package.", file=sys.stderr)
        return 1
    refused = 0
    faults: list[str] = []
    for path in paths:
        found, wrong = _check(path, known.get(path.name))
        refused += found
        faults += wrong
        if arguments.reasons and found and path.name in known:
            print(f"{path.name}: {known[path.name]['reason']}")
    missing = sorted(set(known) - {path.name for path in paths})
    faults += [f"{name}: written down, but not in the folder" for name in missing]
    for line in faults:
        print(line, file=sys.stderr)
    print(
        f"{len(paths)} examples: {len(paths) - refused} accepted, {refused} refused for a written "
        f"reason, {len(faults)} otherwise than written"
    )
    return 1 if faults else 0


def _check(path: Path, known: dict[str, str] | None) -> tuple[bool, list[str]]:
    body = path.read_bytes()
    resource = decode(body)
    faults = []
    if not _comes_back(body, encode(resource)):
        faults.append(f"{path.name}: the round trip changed it")
    issues = validate(resource)
    if not issues and known is not None:
        faults.append(f"{path.name}: accepted, though written down as refused")
    for issue in issues[:1]:
        where = issue.expression[0]
        if known is None or (known["code"], known["expression"]) != (issue.code, where):
            faults.append(f"{path.name}: {where}: {issue.code}: {issue.diagnostics}")
    return bool(issues), faults


def _comes_back(before: bytes, after: bytes) -> bool:
    def numbers(body: bytes) -> list[bytes]:
        return [number for number in _TOKEN.findall(body) if number]

    def whole(body: bytes) -> Any:
        return json.loads(body, parse_float=str, parse_int=str)

    return numbers(before) == numbers(after) and bool(whole(before) == whole(after))


if __name__ == "__main__":
    sys.exit(main())
