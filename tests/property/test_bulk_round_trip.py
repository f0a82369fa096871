"""NDJSON in, NDJSON out: each resource comes back in the words in which it came."""

import asyncio
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.jobs.export import Export
from fhir_server.jobs.files import JobFolder
from fhir_server.jobs.importing import Import, Progress
from fhir_server.jobs.ndjson import PartSize, Place, read_part
from fhir_server.jobs.requests import ExportRequest, ImportRequest, source_of
from fhir_server.store import horizon
from fhir_server.store.database import Database
from fhir_server.store.resources import microseconds
from tests.support.fhir_store import BASE

NUMBERS = st.one_of(
    st.from_regex(r"(0|[1-9][0-9]{0,7})\.[0-9]{1,6}", fullmatch=True),
    st.from_regex(r"[1-9](\.[0-9]{1,3})?[eE][+-]?[0-9]{1,2}", fullmatch=True),
    st.integers(0, 10**9).map(str),
)
# Whatever separates lines elsewhere (U+2028, U+0085) is text in JSON and separates none here.
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\u2028\u2029\u0085"),
    min_size=1,
    max_size=20,
)


@st.composite
def observations(draw: st.DrawFn) -> list[bytes]:
    """Lines of Observations, their numbers spelled as people and machines spell them."""
    count = draw(st.integers(1, 12))
    lines = []
    for number in range(count):
        value, text = draw(NUMBERS), draw(TEXTS.filter(str.strip))
        lines.append(
            f'{{"resourceType":"Observation","id":"o{number}","status":"final",'
            f'"code":{{"text":{_quoted(text)}}},"valueQuantity":{{"value":{value}}}}}'.encode()
        )
    return lines


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


@settings(max_examples=25)
@given(
    lines=observations(), breaks=st.sampled_from([b"\n", b"\r\n", b"\n\n"]), most=st.integers(1, 5)
)
def test_what_is_imported_is_exported_in_its_own_words(
    lines: list[bytes], breaks: bytes, most: int
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "in.ndjson").write_bytes(breaks.join(lines))
        database = Database.open(f"sqlite:///{folder}/store.db")
        try:
            refused = asyncio.run(_import(database, folder, PartSize(lines=most)))
            assert refused == ()
            exported = asyncio.run(_export(database, folder))
        finally:
            database.close()
    assert [_without_meta(line) for line in exported] == lines


async def _import(database: Database, folder: Path, size: PartSize) -> tuple[object, ...]:
    path = folder / "in.ndjson"
    source = source_of("in", path)
    with ThreadPoolExecutor(1) as threads:
        work = Import(
            database=database,
            request=ImportRequest(url="", sources=(source,)),
            folder=JobFolder(folder, "import"),
            check=lambda _: None,
            clock=lambda: datetime.now(UTC),
            keep=lambda _connection, _progress: None,
            threads=threads,
            size=size,
        )
        return (await work.run(Progress())).files


async def _export(database: Database, folder: Path) -> list[bytes]:
    now = microseconds(datetime.now(UTC))
    at = await database.write(lambda c: horizon.advance(c, now))
    export = Export(
        database=database,
        request=ExportRequest(url="", base_url=BASE, level="system"),
        horizon=at,
        folder=JobFolder(folder, "export"),
        progress=lambda _done, _total: None,
        stop=threading.Event(),
        largest_file=400,
    )
    result = await asyncio.to_thread(export.run)
    found: list[bytes] = []
    for file in result.files:
        content = (folder / "export" / file.name).read_bytes()
        assert content.count(b"\n") == file.count
        found += content.split(b"\n")[:-1]
    return found


def _without_meta(line: bytes) -> bytes:
    start = line.index(b'"meta":')
    return line[:start] + line[line.index(b"},", start) + 2 :]


@given(
    content=st.lists(st.sampled_from([b"{}", b"", b"   ", b"x" * 50, b"\xff"]), max_size=30),
    lines=st.integers(1, 4),
    size=st.integers(1, 40),
    ends=st.booleans(),
)
def test_parts_hold_each_line_once(content: list[bytes], lines: int, size: int, ends: bool) -> None:
    """However a file is cut into parts, each line that is not blank is in one, by its number."""
    body = b"\n".join(content) + (b"\n" if ends and content else b"")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.ndjson"
        path.write_bytes(body)
        found: list[tuple[int, bytes | None]] = []
        place, at_end = Place(), False
        while not at_end:
            part = read_part(path, place, PartSize(lines=lines, bytes=size, longest=20))
            found += [(line.number, line.body) for line in part.lines]
            place, at_end = part.following, part.at_end
    assert found == [
        (number, None if len(line) > 20 else line)
        for number, line in enumerate(content, 1)
        if line.strip()
    ]
