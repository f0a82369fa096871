"""The file of acts on models, `states.ndjson`: one line each, never changed, only added to.

Each line ends with a sha256 over the line before and itself, so that no line can be changed, left
out or half written without being noticed. What was cut off at the end is the one thing that only a
copy elsewhere can tell.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec

from inference.releases import package
from inference.releases.refusal import ModelRefused
from inference.releases.states import Entry, Ledger

NAME: Final = "states.ndjson"
_LOCK: Final = ".states.lock"
_LONGEST: Final = 500


def read(folder: Path) -> Ledger:
    """Return what the file comes to; `ModelRefused` naming the first line that is not whole."""
    return Ledger.of(entry for entry, _ in _entries(_content(folder), folder / NAME))


def history(folder: Path) -> tuple[Entry, ...]:
    """Return all acts, the oldest first."""
    return tuple(entry for entry, _ in _entries(_content(folder), folder / NAME))


def add(folder: Path, make: Callable[[Ledger], Entry]) -> Entry:
    """Add the act that `make` derives from the acts so far; durable when this returns.

    `ModelRefused` where the file is not whole or no rule allows the act; then nothing is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        content = _content(folder)
        read_so_far = list(_entries(content, folder / NAME))
        ledger = Ledger.of(entry for entry, _ in read_so_far)
        entry = make(ledger)
        _check_words(entry)
        ledger.after(entry)
        line = _line(entry, read_so_far[-1][1] if read_so_far else "")
        package.replace(folder / NAME, content + line)
        return entry


def _content(folder: Path) -> bytes:
    try:
        return (folder / NAME).read_bytes()
    except FileNotFoundError:
        return b""


def _entries(content: bytes, path: Path) -> Iterator[tuple[Entry, str]]:
    """Yield each act with the sum of its line."""
    before = ""
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        try:
            found = json.loads(line)
            before_this, before = before, found.pop("sum")
            entry = msgspec.convert(found, Entry)
            sound = _line(entry, before_this) == line
        except (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError):
            sound = False
        if not sound:
            raise ModelRefused(
                f"{path}: line {number} was changed or is not whole; put back the file as it was "
                "(a copy, a backup): no state is guessed",
                f"{path}：第 {number} 行被改动或不完整；请恢复原文件（备份），系统不会猜测状态",
            )
        yield entry, before


def _line(entry: Entry, before: str) -> bytes:
    said = {name: value for name, value in asdict(entry).items() if value is not None}
    text = json.dumps(said, ensure_ascii=False)
    total = hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()
    return f'{text[:-1]}, "sum": "{total}"}}\n'.encode()


def _check_words(entry: Entry) -> None:
    for words in (entry.by, entry.why):
        if not words.strip() or len(words) > _LONGEST or not words.isprintable():
            raise ModelRefused(
                f"who and why must be said, in one line of at most {_LONGEST} characters",
                f"必须写明操作人与原因，各一行，不超过 {_LONGEST} 个字符",
            )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time add an act."""
    with (folder / _LOCK).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
