"""A release as a folder or as one zip file, read whole and written atomically.

The zip has one form only (stored, without times), so that no byte of it can change unnoticed and
the same files make the same bytes on every machine.
"""

import contextlib
import io
import os
import re
import secrets
import shutil
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from inference.releases.refusal import ModelRefused

SUFFIX: Final = ".zip"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST_FILES: Final = 64
_MOST_BYTES: Final = 1 << 30
# What zipfile raises on bytes that are no zip; a flag may say that it is encrypted (RuntimeError).
_BROKEN_ZIP: Final = (
    zipfile.BadZipFile,
    EOFError,
    RuntimeError,
    ValueError,
    KeyError,
    struct.error,
    zlib.error,
)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say


def read(path: Path) -> dict[str, bytes]:
    """Return every file of a release by name; `ModelRefused` where the form is another."""
    try:
        files = _from_folder(path) if path.is_dir() else _from_zip(path)
    except ModelRefused:
        raise
    except (OSError, *_BROKEN_ZIP) as error:
        raise ModelRefused(
            f"{path}: cannot be read: {error}", f"{path}：无法读取：{error}"
        ) from error
    for name in files:
        if not _NAME.fullmatch(name):
            raise ModelRefused(
                f"{path}: holds {name!r}, no file of a release",
                f"{path}：含有 {name!r}，不是发布包中的文件",
            )
    return files


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the zip of a release."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, content)
    return whole.getvalue()


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a release where there is none: one zip file, or a folder where that is not its name."""
    if path.exists():
        raise ModelRefused(f"{path}: is there already", f"{path}：已存在")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == SUFFIX:
        replace(path, pack(files))
        return
    part = _part(path)
    part.mkdir()
    for name, content in files.items():
        _write_synced(part / name, content)
    sync_folder(part)
    part.rename(path)
    sync_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put a file in place, whole and durable, or not at all."""
    part = _part(path)
    try:
        _write_synced(part, content)
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    sync_folder(path.parent)


def discard(path: Path) -> None:
    """Take a release away: first its name, so that nobody sees half of it."""
    part = _part(path)
    path.rename(part)
    sync_folder(path.parent)
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _part(path: Path) -> Path:
    # A name that begins with a dot is no release: who looks meanwhile passes it over.
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _from_folder(path: Path) -> dict[str, bytes]:
    found = sorted(path.iterdir())
    for each in found:
        if each.is_symlink() or not each.is_file():
            raise ModelRefused(f"{each}: is no plain file", f"{each}：不是普通文件")
    _check_size(path, len(found), sum(each.stat().st_size for each in found))
    return {each.name: each.read_bytes() for each in found}


def _from_zip(path: Path) -> dict[str, bytes]:
    _check_size(path, 0, path.stat().st_size)
    whole = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        entries = archive.infolist()
        _check_size(path, len(entries), sum(each.file_size for each in entries))
        files = {each.filename: archive.read(each) for each in entries}
    if pack(files) != whole:
        raise ModelRefused(
            f"{path}: was not written by `attending models export`, or was changed since",
            f"{path}：不是由 `attending models export` 写出，或写出后被改动",
        )
    return files


def _check_size(path: Path, count: int, size: int) -> None:
    if count > _MOST_FILES or size > _MOST_BYTES:
        raise ModelRefused(
            f"{path}: {count} files of {size} bytes are more than a release may hold",
            f"{path}：{count} 个文件共 {size} 字节，超过发布包上限",
        )
