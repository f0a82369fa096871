"""Each primitive admits what R4's published expression admits."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.primitives import PRIMITIVES

_YEAR = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
# As published in http://hl7.org/fhir/R4/datatypes.html#primitive, days ending at 28 so that
# each date exists.
PUBLISHED = {
    "date": rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?",
    "dateTime": rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8])(T{_TIME}{_ZONE})?)?)?",
    "instant": rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T{_TIME}{_ZONE}",
    "time": _TIME,
    "id": r"[A-Za-z0-9\-\.]{1,64}",
    "oid": r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+",
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "code": r"[^\s]+(\s[^\s]+)*",
    "uri": r"\S+",
    "url": r"\S+",
    "canonical": r"\S+",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_agrees_with_the_published_expression(name: str) -> None:
    published = re.compile(PUBLISHED[name], re.ASCII)
    legal = st.from_regex(published, fullmatch=True)
    near = st.builds(
        lambda text, at, char: text[:at] + char + text[at + 1 :],
        legal,
        st.integers(0, 40),
        st.sampled_from(" 0129:-.TZ+/aA\n"),
    )

    @given(legal | near | st.text(max_size=30))
    def agrees(text: str) -> None:
        accepted = PRIMITIVES[name](text) is None
        if "29" in text or "3" in text[8:10]:  # the calendar decides, beyond the expression
            return
        assert accepted == bool(published.fullmatch(text))

    agrees()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("boolean", True),
        ("boolean", False),
        ("integer", -(2**31)),
        ("integer", 0),
        ("unsignedInt", 0),
        ("positiveInt", 2**31 - 1),
        ("decimal", 84),
        ("decimal", Decimal("1E-300")),
        ("string", "肌酐\t升高\r\n"),
        ("markdown", "# 结论"),
        ("base64Binary", "aGk="),
        ("base64Binary", "aGVs\r\n bG8h"),
        ("date", "2024-02-29"),
        ("xhtml", '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'),
    ],
)
def test_admitted(name: str, value: object) -> None:
    assert PRIMITIVES[name](value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("boolean", "true"),
        ("boolean", 1),
        ("integer", True),
        ("integer", Decimal("1.0")),
        ("integer", 2**31),
        ("unsignedInt", -1),
        ("positiveInt", 0),
        ("decimal", "1.0"),
        ("decimal", False),
        ("decimal", 0.5),
        ("decimal", Decimal("NaN")),
        ("decimal", 10**309),
        ("string", ""),
        ("string", "\u00a0\u3000"),
        ("string", "a\x00b"),
        ("string", "a" * (1024 * 1024 + 1)),
        ("base64Binary", ""),
        ("base64Binary", "aGk"),
        ("base64Binary", "aGk=aGk="),
        ("base64Binary", "aG*="),
        ("date", "2023-02-29"),
        ("dateTime", "2026-04-31T00:00:00Z"),
        ("instant", "2026-02-29T00:00:00Z"),
        ("uuid", "urn:uuid:0C1F5A4E-6A0E-4D3E-9A54-2B5A2F1E6C01"),
        ("xhtml", "<p>a</p>"),
        ("xhtml", '<!DOCTYPE div [<!ENTITY a "b">]><div xmlns="http://www.w3.org/1999/xhtml">&a;</div>'),
        ("xhtml", '<div xmlns="http://www.w3.org/1999/xhtml"><iframe src="x"/>a</div>'),
    ],
)  # fmt: skip
def test_refused(name: str, value: object) -> None:
    fault = PRIMITIVES[name](value)
    assert fault is not None
    assert fault.text.endswith((".", "…"))
    assert len(fault.text) < 300


def test_every_primitive_refuses_every_other_kind_of_json() -> None:
    for check in PRIMITIVES.values():
        others: list[object] = [None, [], {}]
        for value in others:
            fault = check(value)
            assert fault is not None
            assert fault.code == "structure"
