"""Reference outputs of public programs, where the shared material lies beside the repository."""

import csv
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


def shared(*parts: str) -> Path:
    """Return a shared file, or skip the test with the reason."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no shared material here: {'/'.join(parts)}")
    return path


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of one file of reference outputs."""
    with shared("vectors", name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
