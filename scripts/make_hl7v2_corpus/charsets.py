"""Character sets: ideographs whose second byte is a separator, rare ones, wrong declarations."""

from collections.abc import Iterator
from typing import Any, Final

from scripts.make_hl7v2_corpus.model import Message, Person, Vendor, measured, obr, obx, said

# In GB18030 the second byte of these characters is `|`, `^`, `~` or a backslash.
COLLIDING: Final = "".join(
    chr(code)
    for code in range(0x4E00, 0x9FFF)
    if chr(code).encode("gb18030")[1:] in (b"|", b"^", b"~", b"\\")
)
_AT: Final = "20261120080000+0800"


def _maker(charset: str, *, facility: str = "DEMOHOSP", application: str = "LIS") -> Vendor:
    return Vendor(application, facility, "2.4", charset, "99LIS")


def messages() -> Iterator[Message]:
    """Yield the messages."""
    yield from _collisions()
    yield from _rare()
    yield from _undeclared()
    yield from _wrong()
    yield from _others()


def _glucose(
    name: str, shows: str, person: Person, vendor: Vendor, *, service: str = "生化", **more: Any
) -> Message:
    # The demo hospital's table of codes is for its own codes alone.
    loinc = "14749-6" if vendor.facility == "DEMOHOSP" else ""
    return Message(
        name=f"charset_{name}",
        shows=shows,
        lines=[
            vendor.msh(f"CHARSET-{name}"),
            person.pid(assigner=""),
            obr(1, vendor.coded("SHSX", service), filler=f"C-{name}", at=_AT),
            obx(1, vendor.coded("GLU", "葡萄糖"), "5.60", "mmol/L"),
        ],
        **{
            "charset": vendor.charset,
            "patient": person.expected(),
            "results": [measured("GLU", "5.60", "mmol/L", title="葡萄糖", loinc=loinc)],
            "resources": {"Patient": 1, "Observation": 1, "DiagnosticReport": 1},
            **more,
        },
    )


def _collisions() -> Iterator[Message]:
    # One name for each separator: 東 and 瑋 end in `|`, 琟 in `^`, 葉 in `~`, 璡 and 錦 in `\`.
    for number, (name, family, given) in enumerate(
        (
            ("bar", "王", "瑋"),
            ("caret", "陈", "琟"),
            ("tilde", "葉", "青"),
            ("backslash", "李", "璡"),
            ("all", "葉", "錦東"),
        ),
        start=1,
    ):
        person = Person(f"00070000{number}", family, given, "19790909", "F")
        yield _glucose(
            f"name_{name}",
            f"a name of which a byte is a separator ({name}) in GB18030",
            person,
            _maker("GB18030"),
        )
    yield _glucose(
        "name_all_gbk",
        "the same in GBK",
        Person("000701001", "葉", "錦東", "19790909", "F"),
        _maker("GBK"),
    )
    yield _glucose(
        "facility",
        "such characters in MSH-3 and MSH-4, before MSH-18 that says how to read them",
        Person("000701002", "周", "平", "19660606", "M"),
        _maker("GB18030", facility="東江瑋示范医院", application="葉氏検験"),
    )
    vendor = _maker("GB18030")
    person = Person("000701003", "郑", "琟", "19550505", "M")
    lines = [COLLIDING[start : start + 58] for start in range(0, len(COLLIDING), 58)]
    yield Message(
        name="charset_all_464",
        shows="each of the 464 ideographs with such a byte: as a result, a note and a code's name",
        lines=[
            vendor.msh("CHARSET-464"),
            person.pid(assigner=""),
            obr(1, vendor.coded("ZJ", "字集館鋅東葉"), filler="C-464", at=_AT),
            *(
                part
                for number, text in enumerate(lines, start=1)
                for part in (
                    obx(number, vendor.coded(f"Z{number}", text[:4]), text, kind="ST"),
                    f"NTE|1|L|{text[::-1]}",
                )
            ),
        ],
        patient=person.expected(),
        results=[
            said(f"Z{number}", text, title=text[:4], notes=[text[::-1]])
            for number, text in enumerate(lines, start=1)
        ],
    )


def _rare() -> Iterator[Message]:
    yield _glucose(
        "four_bytes",
        "characters of four bytes in GB18030: 𠮷 and 㐂 in a name",
        Person("000702001", "𠮷", "㐂", "19840404", "F"),
        _maker("GB18030"),
    )
    yield _glucose(
        "four_bytes_utf8",
        "the same in UTF-8",
        Person("000702002", "𠮷", "㐂", "19840404", "F"),
        _maker("UNICODE UTF-8"),
    )
    yield _glucose(
        "middle_dot",
        "a name with a middle dot, as Uyghur names are written",
        Person("000702003", "阿依古丽·", "买买提", "19930303", "F"),
        _maker("GB18030"),
    )
    yield _glucose(
        "set_2000",
        "MSH-18 spelled GB 18030-2000, as table 0211 does",
        Person("000702004", "冯", "玥", "20010101", "F"),
        _maker("GB 18030-2000"),
    )


def _undeclared() -> Iterator[Message]:
    person = Person("000703001", "沈", "洁", "19770707", "F")
    yield _glucose("none_utf8", "no MSH-18, UTF-8: taken as such", person, _maker(""))
    yield _glucose(
        "none_gbk",
        "no MSH-18, GBK: no set is guessed; kept and refused",
        person,
        _maker(""),
        codec="gbk",
        code="AE",
        error=("102", "PID^1"),  # the first segment that cannot be read
        patient=None,
        results=(),
        resources={"Patient": 0, "Observation": 0},
    )
    yield _glucose(
        "none_gbk_known",
        "no MSH-18 from a hospital whose setting says GBK",
        person,
        _maker(""),
        codec="gbk",
        policy={"default_charset": "GBK"},
    )


def _wrong() -> Iterator[Message]:
    person = Person("000704001", "韩", "晓东", "19480808", "M")
    for name, shows, charset, codec, place in (
        ("utf8_is_gbk", "says UTF-8, is GBK", "UNICODE UTF-8", "gbk", "PID^1"),
        ("gb18030_is_utf8", "says GB18030, is UTF-8", "GB18030", "utf-8", "MSH^1^18"),
        ("gbk_is_utf8", "says GBK, is UTF-8", "GBK", "utf-8", "MSH^1^18"),
        ("8859_is_gbk", "says 8859/1, is GBK", "8859/1", "gbk", "MSH^1^18"),
        ("ascii_is_gbk", "says ASCII, is GBK", "ASCII", "gbk", "PID^1"),
        ("unknown", "names a set that is not read", "ISO IR149", "gbk", "MSH^1^18"),
    ):
        yield _glucose(
            f"wrong_{name}",
            f"{shows}: kept, refused, and nothing garbled is stored",
            person,
            _maker(charset),
            codec=codec,
            service="生化检验全套",
            code="AE",
            error=("102", place),
            patient=None,
            results=(),
            resources={"Patient": 0, "Observation": 0},
        )
    yield _glucose(
        "wrong_always",
        "a sender known to declare it wrongly: the hospital's setting decides",
        person,
        _maker("UNICODE UTF-8"),
        codec="gbk",
        policy={"charset_always": "GBK"},
    )


def _others() -> Iterator[Message]:
    yield Message(
        name="charset_big5",
        shows="Big5 from a laboratory of Taipei: 功, 么 and 血 next to separators",
        lines=[
            _maker("BIG-5", facility="SHIFAN-TPE").msh("CHARSET-BIG5"),
            Person("000705001", "許", "功蓋", "19711111", "M").pid(assigner=""),
            obr(1, "SGN^腎功能^99LIS", filler="C-BIG5", at=_AT),
            obx(1, "CREA^肌酐^99LIS", "1.02", "mg/dL", range="0.7-1.2"),
            obx(2, "BZ^備註^99LIS", "檢體正常，功能正常", kind="ST"),
        ],
        charset="BIG-5",
        patient=Person("000705001", "許", "功蓋", "19711111", "M").expected(),
        results=[
            measured("CREA", "1.02", "mg/dL", low="0.7", high="1.2", title="肌酐"),
            said("BZ", "檢體正常，功能正常", title="備註"),
        ],
    )
    yield _glucose(
        "big5_facility",
        "Big5 with 功 in MSH-4: its second byte is a backslash",
        Person("000705002", "吳", "育昇", "19721212", "M"),
        _maker("BIG-5", facility="成功醫院"),
    )
    yield _glucose(
        "hex_escape",
        "an ideograph as \\X...\\ in the set of the message",
        Person("000705003", "\\XB7EB\\", "玥", "20010101", "F"),
        _maker("GB18030"),
        patient={
            "number": "000705003",
            "name": "冯玥",
            "gender": "female",
            "birthDate": "2001-01-01",
        },
    )
    yield _glucose(
        "repeated",
        "MSH-18 with two sets: the first is that of the message",
        Person("000705004", "蒋", "珅", "19630303", "M"),
        _maker("GB18030~UNICODE UTF-8"),
        codec="gb18030",
    )
