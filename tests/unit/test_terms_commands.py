"""`attending terms load`: a package's terminology is there, each version beside others."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fhir_server import cli
from fhir_server.store.database import Database
from fhir_server.store.terminology import StoredTerminology
from tests.unit.terminology.code_systems import URL, lab
from tests.unit.terminology.test_expand import value_set


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ATTENDING_LANGUAGE", "en")


def package(path: Path, *resources: dict[str, Any], **about: Any) -> str:
    """A package file with these resources, as npm makes them."""
    told = {"name": "lab.codes", "version": "1.0.0", "fhirVersions": ["4.0.1"], **about}
    files = {"package/package.json": told, "package/.index.json": {"files": []}}
    files |= {f"package/{n}.json": resource for n, resource in enumerate(resources)}
    files["package/example/lab.json"] = lab(url="http://example.org/example")
    files["other/lab.json"] = lab(url="http://example.org/outside")
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return str(path)


def held(tmp_path: Path, url: str) -> list[str]:
    database = Database.open(f"sqlite:///{tmp_path}/data/attending.db")
    found = database.read_now(lambda c: StoredTerminology(c).code_systems(url))
    database.close()
    return sorted(each.version for each in found)


def test_what_a_package_holds_is_stored_and_once(tmp_path: Path, capsys) -> None:
    structure = {"resourceType": "StructureDefinition", "url": "http://example.org/x"}
    file = package(tmp_path / "lab.tgz", lab(), value_set(), structure)
    assert cli.main(["terms", "load", file]) == 0
    told = capsys.readouterr()
    expected = "CodeSystem 1, ValueSet 1, ConceptMap 0"
    assert (
        told.out == f"lab.codes#1.0.0: {expected}; 2 created, 0 updated, 0 unchanged, 0 refused\n"
    )
    assert "100 %" in told.err
    assert held(tmp_path, URL) == ["2026.9"]
    assert held(tmp_path, "http://example.org/example") == []
    assert cli.main(["terms", "load", file]) == 0
    assert "0 created, 0 updated, 2 unchanged" in capsys.readouterr().out


def test_a_newer_version_stands_beside_the_older(tmp_path: Path, capsys) -> None:
    cli.main(["terms", "load", package(tmp_path / "1.tgz", lab())])
    newer = lab(version="2026.10")
    cli.main(["terms", "load", package(tmp_path / "2.tgz", newer, version="2.0.0")])
    assert held(tmp_path, URL) == ["2026.10", "2026.9"]
    # The same version in other words replaces the words.
    mended = lab(version="2026.10", title="mended")
    cli.main(["terms", "load", package(tmp_path / "3.tgz", mended)])
    assert "0 created, 1 updated" in capsys.readouterr().out
    assert held(tmp_path, URL) == ["2026.10", "2026.9"]


def test_what_is_no_valid_resource_is_named_and_the_rest_is_stored(tmp_path: Path, capsys) -> None:
    wrong, twice = lab(status="current", url="http://example.org/wrong"), b'{"a": CodeSystem'
    assert cli.main(["terms", "load", package(tmp_path / "p.tgz", wrong, twice, lab())]) == 1  # type: ignore[arg-type]
    told = capsys.readouterr()
    assert "1 created, 0 updated, 0 unchanged, 2 refused" in told.out
    assert "package/0.json: CodeSystem.status" in told.err
    assert "package/1.json: Malformed JSON" in told.err
    assert held(tmp_path, URL) == ["2026.9"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive", "no package, or damaged"),
        (None, "No such file"),
    ],
)
def test_what_is_no_package_is_refused(tmp_path: Path, capsys, content, said) -> None:
    path = tmp_path / "p.tgz"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["terms", "load", str(path)]) == 1
    assert said in capsys.readouterr().err


def test_a_package_of_another_fhir_version_is_refused(tmp_path: Path, capsys) -> None:
    file = package(tmp_path / "p.tgz", lab(), fhirVersions=["5.0.0"])
    assert cli.main(["terms", "load", file]) == 1
    assert "not of R4" in capsys.readouterr().err


def test_a_package_that_was_cut_off_is_refused(tmp_path: Path, capsys) -> None:
    file = Path(package(tmp_path / "p.tgz", lab(), value_set()))
    file.write_bytes(file.read_bytes()[:-40])
    assert cli.main(["terms", "load", str(file)]) == 1
    assert "damaged" in capsys.readouterr().err
