"""Write the corpus of Chinese messages: tests/data/hl7v2/zh, bytes as they are sent.

    python -m scripts.make_hl7v2_corpus
    python -m scripts.make_hl7v2_corpus --check     compare with what is committed

Patients, hospitals and numbers are invented. manifest.json says of each message what it shows
and what must come of it, written by hand from what the message means.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from scripts.make_hl7v2_corpus import charsets, habits, life, others, panels
from scripts.make_hl7v2_corpus.panels import LOINC

FOLDER: Final = Path(__file__).parents[2] / "tests" / "data" / "hl7v2" / "zh"
_PARTS: Final = (panels, habits, charsets, life, others)


def main() -> int:
    """Write the files; with --check return 1 where a committed one is another."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    arguments = parser.parse_args()
    found = files()
    if arguments.check:
        wrong = sorted(name for name, body in found.items() if _committed(name) != body)
        wrong += sorted({path.name for path in FOLDER.iterdir()} - set(found))
        print("\n".join(wrong) or f"{len(found)} files are as committed")
        return 1 if wrong else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name, body in found.items():
        (FOLDER / name).write_bytes(body)
    print(f"{len(found)} files")
    return 0


def files() -> dict[str, bytes]:
    """Return every file of the corpus by name."""
    messages = [message for part in _PARTS for message in part.messages()]
    found = {message.file: message.raw() for message in messages}
    if len(found) != len(messages):
        raise AssertionError("two messages have one name")
    found["manifest.json"] = _json([message.entry() for message in messages])
    found["local_codes.json"] = _json(_concept_map())
    return found


def _committed(name: str) -> bytes | None:
    path = FOLDER / name
    return path.read_bytes() if path.exists() else None


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _concept_map() -> dict[str, Any]:
    """Return the local codes that the demo hospital accepted, as R4 ConceptMap."""
    return {
        "resourceType": "ConceptMap",
        "url": "urn:id:DEMOHOSP:99LIS-to-loinc",
        "status": "active",
        "group": [
            {
                "source": "urn:id:DEMOHOSP:99LIS",
                "target": "http://loinc.org",
                "element": [
                    {
                        "code": code,
                        "target": [
                            {"code": loinc, "display": display, "equivalence": "equivalent"}
                        ],
                    }
                    for code, (loinc, display) in LOINC.items()
                ],
            }
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
