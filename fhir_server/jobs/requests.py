"""What is asked of a bulk job, in the form in which the job's record keeps it."""

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

ExportLevel: TypeAlias = Literal["system", "patient", "group"]
Role: TypeAlias = Literal["output", "deleted", "error"]


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An export: `url` is the kick-off as it was sent, `types` () takes every type.

    `since` in microseconds; `patients` are the ids of the `patient` parameter, None without it;
    `access` are the Patient ids that the client may see, None: all. `remarks` say what of the
    request was left out (handling=lenient).
    """

    url: str
    base_url: str
    level: ExportLevel
    group: str | None = None
    types: tuple[str, ...] = ()
    since: int | None = None
    patients: tuple[str, ...] | None = None
    access: tuple[str, ...] | None = None
    remarks: tuple[str, ...] = ()
    needs_token: bool = False


class ImportSource(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an import: `name` as the client knows it, `path` on this server.

    `size` and `modified` (ns) are those at the kick-off: a file that changes meanwhile is refused.
    `type` None takes resources of every type.
    """

    name: str
    path: str
    size: int
    modified: int
    type: str | None = None


def source_of(name: str, path: Path, type: str | None = None) -> ImportSource:
    """Return the file at `path` as a source; OSError where it is not there."""
    found = path.stat()
    return ImportSource(
        name=name, path=str(path), size=found.st_size, modified=found.st_mtime_ns, type=type
    )


class ImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An import of NDJSON; `input_source` is where the client says that the data come from."""

    url: str
    sources: tuple[ImportSource, ...]
    input_source: str | None = None
    needs_token: bool = False


class OutputFile(msgspec.Struct, frozen=True):
    """A file of a finished job: how many resources of which type are in it, and what it is for."""

    name: str
    type: str
    count: int
    role: Role
    source: str | None = None


class ImportCount(msgspec.Struct, frozen=True):
    """What became of the resources of one type of one source."""

    source: str
    type: str
    created: int
    updated: int
    unchanged: int


class Result(msgspec.Struct, frozen=True):
    """What a complete job has to show."""

    files: tuple[OutputFile, ...] = ()
    counts: tuple[ImportCount, ...] = ()


EXPORT_REQUEST = msgspec.json.Decoder(ExportRequest)
IMPORT_REQUEST = msgspec.json.Decoder(ImportRequest)
RESULT = msgspec.json.Decoder(Result)


def as_text(value: msgspec.Struct) -> str:
    """Return the text that a job's record keeps."""
    return msgspec.json.encode(value).decode()
