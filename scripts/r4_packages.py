"""HL7's published R4 packages, read from a folder `node_modules`, and tables written from them."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VERSION = "4.0.1"
ROOT = Path(__file__).parents[1]
DATA = ROOT / "fhir_server" / "r4" / "data"


def entries(bundle: Path) -> Iterator[dict[str, Any]]:
    """Yield the resources of a Bundle in a file."""
    for entry in json.loads(bundle.read_text(encoding="utf-8"))["entry"]:
        yield entry["resource"]


def resources(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    """Yield the resources of the files that match, in the order of their names."""
    for path in sorted(folder.glob(pattern)):
        yield json.loads(path.read_text(encoding="utf-8"))


def write_packed(path: Path, table: object) -> None:
    """Write `table` as JSON, compressed, so that the same table gives the same bytes."""
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
