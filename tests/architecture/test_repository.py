"""What a clone of the repository may and must hold."""

import importlib.util
import re
import shutil
import subprocess
import sys

import pytest

from scripts import constraints
from scripts.shape import limits

ROOT = limits.ROOT
_TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".json",
    ".csv",
    ".hl7",
    ".html",
    ".css",
    ".yaml",
    ".yml",
    "",
}
_LOCKS = ("constraints*.txt", "requirements*.txt", "package-lock.json", "*.lock")
# A home or a checkout of one machine; /path/to, /etc and /var are the same on all.
_MACHINE_PATH = re.compile(r"(?<![\w./-])(/(?:home|root|Users|work|opt|mnt)/[\w.-]+|[A-Z]:\\Users)")


def _tracked() -> list[str]:
    """The files that are or would be in the repository; every text of them is small."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the repository cannot be told")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [
        f"{name}:{number}: {match[0]}"
        for name in _tracked()
        if (ROOT / name).suffix in _TEXT
        for number, line in enumerate((ROOT / name).read_text("utf-8", "replace").splitlines(), 1)
        for match in [_MACHINE_PATH.search(line)]
        if match
    ]
    assert found == []


def test_pins_are_pins_and_hold_no_address() -> None:
    """One `name==version` a line, sorted; the index they come from is the machine's business."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", pin) for pin in pins)
    assert pins == sorted(set(pins), key=lambda pin: pin.split("==")[0])
    assert "torch==2.13.0" in pins


def test_lock_files_hold_no_address() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for pattern in _LOCKS
        for path in ROOT.glob(pattern)
        for match in [re.search(r"://|\bresolved\b|@ file|--(extra-)?index-url", path.read_text())]
        if match
    ]
    assert found == []


def test_package_init_files_are_empty() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in (*limits.ROOMS, *limits.BESIDE)
        for path in (ROOT / folder).rglob("__init__.py")
        if path.stat().st_size
    ]
    assert found == []


def test_every_folder_with_code_is_a_package() -> None:
    """Else the import contracts would not see it and a wheel would not hold it."""
    found = {
        path.parent.relative_to(ROOT).as_posix()
        for room in limits.ROOMS
        for path in (ROOT / room).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }
    assert found == set()


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("LICENSE", "Apache License"),
        ("NOTICE", "LOINC"),
        ("NOTICE", "UCUM"),
        ("README.md", "make run"),
        ("CHANGELOG.md", "Unreleased"),
        ("ARCHITECTURE.md", "fhir_server"),
        ("GLOSSARY.md", "#"),
    ],
)
def test_the_papers_are_there(name: str, holds: str) -> None:
    assert holds in (ROOT / name).read_text("utf-8")


def test_this_environment_is_free_of_torch() -> None:
    """Serving and testing need no torch; only `make models` and `make test-models` do."""
    for name in ("torch", "onnx", "onnxscript"):
        assert importlib.util.find_spec(name) is None, f"{name} in {sys.prefix}"


def test_routes_keep_their_annotations() -> None:
    """With postponed annotations a closure-local Depends silently becomes a query parameter."""
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "fhir_server").rglob("*.py")
        if re.search("^from __future__ import annotations", path.read_text("utf-8"), re.M)
        and "fastapi" in path.read_text("utf-8")
    ]
    assert found == []


def test_pins_of_several_environments_are_one_list() -> None:
    served = "Authlib==1.9.9\n# Editable install\npip==23.2.1\nnumpy==2.4.6\n"
    trained = "numpy==2.4.6\ntorch==2.13.0+cpu\nfhir.resources==8.3.0\n"
    assert constraints.merged([served, trained]) == {
        "authlib": "1.9.9",
        "numpy": "2.4.6",
        "torch": "2.13.0",
        "fhir-resources": "8.3.0",
    }


@pytest.mark.parametrize(
    "freezes",
    [
        ["numpy==2.4.6\n", "numpy==2.4.5\n"],
        ["attending @ file:///somewhere\n"],
        ["-e /somewhere\n"],
    ],
)
def test_what_is_no_pin_is_refused(freezes: list[str]) -> None:
    with pytest.raises(constraints.PinError):
        constraints.merged(freezes)
