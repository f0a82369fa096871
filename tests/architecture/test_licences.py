"""Licensed terminology does not come into the repository, under whatever name or wrapping."""

import bz2
import gzip
import io
import lzma
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.shape import licences, limits

RF2 = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n1\t20990101\t1\t2\t3\n"
LOINC = '"LOINC_NUM","COMPONENT","LONG_COMMON_NAME"\n' + '"9000001-9","x","x"\n' * 60
PARTS = '"PartNumber","PartTypeName","PartName"\n' + '"LP1-1","x","x"\n' * 60
OWL = (
    '<?xml version="1.0"?>\n<rdf:RDF><owl:Class rdf:about="http://www.radlex.org/RID/RID1"/>'
    "</rdf:RDF>\n"
)
TABLE = "Class ID,Preferred Label,Synonyms\n" + "http://radlex.org/RID/RID1,x,\n" * 60
RRF = "1|ENG||||||A1||||RXNORM|IN|1|made-up|0|N|4096|\n"


def zipped(name: str, content: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return into.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return into.getvalue()


def put(root: Path, name: str, content: bytes) -> list[str]:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return list(licences.found(root))


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("data/sct2_Concept_Snapshot_INT_20990101.txt", "", "SNOMED CT (RF2)"),
        ("data/xder2_cRefset_LanguageSnapshot-en_INT_20990101.txt", "", "SNOMED CT (RF2)"),
        ("data/innocent.csv", RF2, "SNOMED CT (RF2)"),
        ("data/Loinc.csv", LOINC, "LOINC"),
        ("data/innocent.txt", "\ufeff" + LOINC, "LOINC"),
        ("data/Part.csv", PARTS, "LOINC"),
        ("data/RadLex4.1.owl", "", "RadLex"),
        ("data/innocent.xml", OWL, "RadLex"),
        ("data/innocent.csv", TABLE, "RadLex"),
        ("data/RXNCONSO.RRF", "", "RRF file"),
        ("data/innocent.txt", RRF, "RRF file"),
    ],
)
def test_licensed_content_is_seen_by_name_or_content(
    tmp_path: Path, name: str, text: str, what: str
) -> None:
    assert put(tmp_path, name, text.encode()) == [f"{name}: {what}"]


@pytest.mark.parametrize(
    ("name", "wrapped"),
    [
        ("a.zip!x/innocent.txt", lambda c: zipped("x/innocent.txt", c)),
        ("a.whl!b.zip!innocent.txt", lambda c: zipped("b.zip", zipped("innocent.txt", c))),
        ("a.bin!", gzip.compress),
        ("a.bz2!", bz2.compress),
        ("a.xz!", lzma.compress),
        ("a.tgz!!x/innocent.txt", lambda c: tarred("x/innocent.txt", c)),
    ],
)
@pytest.mark.parametrize("text", [RF2, LOINC, OWL, RRF])
def test_it_is_seen_inside_archives(
    tmp_path: Path, name: str, wrapped: Callable[[bytes], bytes], text: str
) -> None:
    (seen,) = put(tmp_path, name.partition("!")[0], wrapped(text.encode()))
    assert seen.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("few.csv", "\n".join(LOINC.splitlines()[: licences.MOST_ROWS])),
        ("loader.py", f'"""Reads RF2."""\nHEADER = {RF2!r}\nOWL = {OWL!r}\n'),
        ("message.hl7", "MSH|^~\\&|A|B|C|D|20990101||ORU^R01|1|P|2.5|||||||||\n"),
        ("broken.zip", "PK\x03\x04 and no more"),
    ],
)
def test_examples_and_code_are_left_alone(tmp_path: Path, name: str, text: str) -> None:
    assert put(tmp_path, name, text.encode()) == []


def test_an_archive_that_cannot_be_looked_into_does_not_pass(tmp_path: Path) -> None:
    whole = gzip.compress(RF2.encode())
    (seen,) = put(tmp_path, "torn.gz", whole[: len(whole) // 2])
    assert seen.startswith("torn.gz: an archive that cannot be looked into")


def test_of_a_repository_what_it_ignores_does_not_count(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("mine/\n")
    assert put(tmp_path, "mine/RXNCONSO.RRF", b"") == []
    assert put(tmp_path, "theirs/RXNCONSO.RRF", b"") == ["theirs/RXNCONSO.RRF: RRF file"]
    subprocess.run(["git", "-C", str(tmp_path), "add", "-f", "mine/RXNCONSO.RRF"], check=True)
    (row,) = licences.rows(tmp_path)
    assert row.broken == ("mine/RXNCONSO.RRF: RRF file", "theirs/RXNCONSO.RRF: RRF file")


def test_this_repository_holds_none() -> None:
    assert list(licences.found(limits.ROOT)) == []
