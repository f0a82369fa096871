"""Every character set as it is declared, and every wrong declaration that would corrupt a name."""

import pytest

from fhir_server.hl7v2 import admission
from fhir_server.hl7v2.charset import WrongCharset, check, codec_of, decode
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.problems import Refusal
from fhir_server.hl7v2.tokenizer import parse
from tests.unit.hl7v2.examples import MSH, OBR, PID, obx, with_field

# A patient of each part of the world that a set was made for.
NAMES = {
    "8859/1": "Müller^Jürgen",
    "8859/2": "Wałęsa^Łucja",
    "8859/3": "Ĝorĝo^Ĉapelo",
    "8859/4": "Bērziņš^Jānis",
    "8859/5": "Иванов^Пётр",
    "8859/6": "محمد^علي",
    "8859/7": "Παπαδόπουλος^Νίκος",
    "8859/8": "כהן^דוד",
    "8859/9": "Yıldız^Ağaoğlu",
    "8859/15": "Lœuvre^Gaëlle",
    "UNICODE UTF-8": "张^伟",
    "UTF-8": "张^伟",
    "GB18030": "张^伟",
    "GB 18030-2000": "㐀^𠮷",
    "GBK": "张^伟",
    "GB2312": "张^伟",
    "BIG-5": "張^偉",
    "BIG5": "許^功蓋",  # each of these has a delimiter's byte inside
    "ASCII": "Zhang^Wei",
}


def written(name: str, declared: str, codec: str, *, repetitions: str = "") -> bytes:
    msh = with_field(MSH, 18, declared + repetitions)
    lines = [msh, with_field(PID, 5, name), OBR, obx(f3="CREA^Kreatinin^99LIS")]
    # The panel's Chinese name would not be of every set.
    return "\r".join(line.replace("肾功能", "panel") for line in lines).encode(codec)


def family(raw: bytes, **charsets: str) -> str:
    header = read_header(raw, **charsets)
    codec = admission.codec(header, raw, default_charset=charsets.get("default_charset", ""))
    (pid,) = parse(raw, header, codec).named("PID")
    return pid.raw(5)


def refused(raw: bytes, **charsets: str) -> str:
    """The segment at which a message is refused for its set."""
    with pytest.raises(Refusal) as caught:
        family(raw, **charsets)
    (problem,) = caught.value.problems
    assert (caught.value.acknowledgment, problem.code) == ("AE", "102")
    return str(problem.location).partition("^")[0]


@pytest.mark.parametrize(("declared", "name"), NAMES.items())
def test_a_name_comes_out_as_it_was_written(declared, name):
    codec = codec_of(declared)
    assert codec is not None
    raw = written(name, declared, codec)
    assert family(raw) == name
    # Further repetitions name sets to switch to within the message; the first is the default one.
    assert family(written(name, declared, codec, repetitions="~ISO IR87~8859/1")) == name
    # What is declared wins over what the hospital or the sender usually sends.
    assert family(raw, default_charset="8859/1") == name
    # A sender that is known to declare wrongly is read in its own set, whatever it declares.
    lying = written(name, "8859/1", codec)
    assert family(lying, charset_always=declared) == name


WRONG = [
    (declared, actual, NAMES[actual])
    for declared in ("ASCII", "8859/1", "8859/2", "8859/15", "UNICODE UTF-8")
    for actual in ("GBK", "GB18030", "GB 18030-2000")
] + [
    (declared, "UNICODE UTF-8", NAMES["UNICODE UTF-8"])
    for declared in ("ASCII", "8859/1", "8859/5", "8859/9", "GB18030", "GBK", "BIG-5")
] + [
    ("ASCII", "8859/1", NAMES["8859/1"]),
    ("UNICODE UTF-8", "8859/1", NAMES["8859/1"]),
    ("UNICODE UTF-8", "BIG-5", NAMES["BIG-5"]),
    ("GBK", "GB 18030-2000", NAMES["GB 18030-2000"]),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "actual", "name"), WRONG)
def test_a_set_that_the_bytes_are_not_of_is_refused_with_ae(declared, actual, name):
    raw = written(name, declared, codec_of(actual))
    # Where a byte is of no character, its segment is named; else the declaration is.
    assert refused(raw) in ("PID", "MSH")


@pytest.mark.parametrize("declared", ["UNICODE UTF-16", "ISO IR87", "EBCDIC", "~GB18030"])
def test_a_set_that_is_not_read_here(declared):
    raw = written("Zhang^Wei", declared, "ascii")
    if declared.startswith("~"):
        assert family(raw) == "Zhang^Wei"
    else:
        assert refused(raw) == "MSH"


@pytest.mark.parametrize(
    "text",
    ["Größe", "Müller Jürgen", "Töölö, Sääksmäki", "naïve façade", "Körpergröße Füße"],
)
def test_genuine_latin_text_is_not_taken_for_chinese(text):
    check(f"OBX|1|ST|1||{text}".encode("iso8859-1"), "iso8859-1")


def test_text_without_a_set_is_strict_utf_8_or_the_hospitals_own():
    raw = written("张^伟", "", "gb18030")
    assert refused(raw) == "PID"
    assert family(raw, default_charset="GB18030") == "张^伟"
    assert family(written("张^伟", "", "utf-8")) == "张^伟"
    # The hospital's default is checked like a declared one.
    assert refused(written("张^伟", "", "utf-8"), default_charset="GB18030") == "MSH"


def test_the_offset_is_that_of_the_first_byte_that_tells():
    with pytest.raises(WrongCharset) as wrong:
        decode(b"PID|1||\xff", "utf-8")
    assert wrong.value.offset == 7
