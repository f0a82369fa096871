"""What of a job's folder is served: whole files under names of its own, private to this user."""

import stat
from pathlib import Path

import pytest

from fhir_server.jobs.files import JobFolder, LineFiles, server_id


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    made = JobFolder(tmp_path / "jobs", "j1")
    made.make()
    return made


def test_a_file_is_served_once_it_is_published(folder: JobFolder) -> None:
    lines = LineFiles(folder, "Patient", largest=10)
    lines.add(b'{"id":"a",\n"x":1}')
    lines.add(b'{"id":"b"}')
    lines.close()
    assert lines.counts == {"Patient.1.ndjson": 1, "Patient.2.ndjson": 1}
    assert folder.whole("Patient.1.ndjson") is None
    folder.publish(iter(lines.counts))
    path = folder.whole("Patient.1.ndjson")
    assert path is not None and path.read_bytes() == b'{"id":"a", "x":1}\n'


@pytest.mark.parametrize("name", ["input.ndjson", "Patient.1.ndjson.part", "../secret", ".."])
def test_nothing_else_is_served(folder: JobFolder, name: str) -> None:
    path = folder.path / name
    if not path.is_dir():
        path.write_bytes(b"{}")
    assert folder.whole(name) is None


def test_folders_and_files_are_this_users_alone(tmp_path: Path, folder: JobFolder) -> None:
    root = tmp_path / "jobs"
    root.chmod(0o755)
    assert server_id(root) == server_id(root)
    lines = LineFiles(folder, "Patient")
    lines.add(b"{}")
    lines.close()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (root, folder.path)]
    assert modes == [0o700, 0o700]
    for path in (folder.part("Patient.1.ndjson"), root / "server-id"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
