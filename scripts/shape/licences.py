"""Licensed terminology that must not be in the repository: hospitals load their own copies.

SNOMED CT (RF2), whole LOINC tables, RadLex in OWL, and RRF files (RxNorm, UMLS); by name or by
content, also inside archives.
"""

import bz2
import gzip
import io
import lzma
import re
import shutil
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from scripts.shape.report import Row

# A few rows are an example; so many are a copy.
MOST_ROWS: Final = 50
_HEAD: Final = 1_000_000
_DEEPEST: Final = 4
_NAMES: Final = (
    ("SNOMED CT (RF2)", re.compile(r"x?(sct|der)2_\w.*\.txt", re.IGNORECASE)),
    ("RRF file", re.compile(r".*\.rrf", re.IGNORECASE)),
    ("RadLex", re.compile(r".*radlex.*\.owl", re.IGNORECASE)),
)
_RF2: Final = "id\teffectiveTime\tactive\tmoduleId\t"
_RRF: Final = re.compile(r"(C?[0-9]+\|){1,2}[^|\n]*(\|[^|\n]*){8,}\|")
# The columns by which LOINC's tables are known, and RadLex's.
_TABLES: Final = (
    ("LOINC", ("LOINC_NUM", "COMPONENT")),
    ("LOINC", ("PartNumber", "PartTypeName")),
    ("LOINC", ("LoincNumber", "PartNumber")),
    ("LOINC", ("AnswerListId", "AnswerStringId")),
    ("LOINC", ("PATH_TO_ROOT", "IMMEDIATE_PARENT")),
    ("RadLex", ("Class ID", "Preferred Label")),
)
# RuntimeError is what zipfile says of one that is locked by a password.
_DAMAGED: Final = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
    RuntimeError,
)  # fmt: skip


def rows(root: Path) -> Iterator[Row]:
    """Yield the row on licensed content in the files of a repository or folder."""
    broken = tuple(found(root))
    yield Row("licensed terminology", str(len(broken)), "0", broken)


def found(root: Path) -> Iterator[str]:
    """Yield each file that is licensed content, with what it is; in archives `archive!member`."""
    for name in _files(root):
        yield from _inside(name, (root / name).read_bytes(), 0)


def _files(root: Path) -> Iterable[str]:
    """Return what is, or would be, in the repository; in a plain folder every file."""
    if shutil.which("git") is not None and (root / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
        names = listed.stdout.split("\0")
    else:
        names = [each.relative_to(root).as_posix() for each in root.rglob("*")]
    return sorted(name for name in names if name and (root / name).is_file())


def _inside(name: str, content: bytes, depth: int) -> Iterator[str]:
    what = _kind(name.rpartition("!")[2].rpartition("/")[2], content)
    if what:
        yield f"{name}: {what}"
    elif depth < _DEEPEST:
        try:
            for member, body in _members(content):
                yield from _inside(f"{name}!{member}", body, depth + 1)
        except _DAMAGED as fault:
            yield f"{name}: an archive that cannot be looked into ({fault})"


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an archive; nothing where it is none."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for each in archive.namelist():
                yield each, archive.read(each)
    elif content[:2] == b"\x1f\x8b":
        yield "", gzip.decompress(content)
    elif content[:3] == b"BZh":
        yield "", bz2.decompress(content)
    elif content[:6] == b"\xfd7zXZ\x00":
        yield "", lzma.decompress(content)
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for entry in archive:
                opened = archive.extractfile(entry)
                if opened is not None:
                    yield entry.name, opened.read()


def _kind(name: str, content: bytes) -> str:
    """Return what licensed content a file is, "" for none."""
    named = next((what for what, pattern in _NAMES if pattern.fullmatch(name)), "")
    if named:
        return named
    text = content[:_HEAD].decode("utf-8-sig", "replace")
    first, _, rest = text.partition("\n")
    if first.startswith(_RF2):
        return "SNOMED CT (RF2)"
    if first.lstrip().startswith("<") and "radlex.org/RID" in text and "<owl:" in text:
        return "RadLex"
    if _RRF.fullmatch(first.rstrip("\r")):
        return "RRF file"
    columns = {each.strip('" \r') for each in re.split("[,;\t]", first)}
    if rest.count("\n") < MOST_ROWS:
        return ""
    return next((what for what, known in _TABLES if columns.issuperset(known)), "")
