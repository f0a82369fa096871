"""FHIR JSON in and out: number text is kept, and broken bytes are named by their place."""

from decimal import Decimal

import pytest

from fhir_server.r4.codec import MAX_DEPTH, decode, encode
from fhir_server.r4.outcome import FhirError


@pytest.mark.parametrize(
    "number",
    [
        "1.00", "0.10", "84", "-0.0", "12345678901234567.89", "12345678901234567890123",
        "1e3", "1E3", "1E+3", "1.0e-10", "0.00000001", "6.0E23", "-1.50e+02", "0e0", "0.0e-3",
    ],
)  # fmt: skip
def test_a_number_leaves_as_it_came(number: str) -> None:
    body = f'{{"value":{number}}}'.encode()
    assert encode(decode(body)) == body


def test_a_decimal_can_be_computed_with_whatever_its_spelling() -> None:
    record = decode(b'{"a":1e3,"b":1.00}')
    assert record["a"] == Decimal(1000)
    assert record["a"] + record["b"] == Decimal("1001.00")


def test_key_order_and_chinese_text_stay() -> None:
    body = '{"b":{"z":1,"a":"肌酐 μmol/L"},"a":[null,true,""]}'.encode()
    assert encode(decode(body)) == body


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (b"", "structure", "byte 0"),
        (b'{"status":"final"', "structure", "byte 17"),
        (b'{"status":final}', "structure", "byte 10 (line 1, column 11)"),
        (b'{"value":NaN}', "structure", "byte 9"),
        (b'{"value":-Infinity}', "structure", "byte 10"),
        (b'{"value":01}', "structure", "byte 10"),
        ('{"肌酐":x}'.encode(), "structure", "byte 10 (line 1, column 7)"),
        (b'{"a":1}{"b":2}', "structure", "byte 7"),
        (b'{"text":"a\xffb"}', "structure", "byte 10"),
        (b'{"text":"\xed\xa0\x80"}', "structure", "byte 9"),
        (b'{"text":"\\ud800x"}', "structure", "pair at byte 9"),
        (b'{"text":"\\ud83d\\ude00","b":"\\ude00"}', "structure", "pair at byte 28"),
        (b"\xef\xbb\xbf{}", "structure", "byte 0"),
        (b'{"text":"a\nb"}', "structure", "byte 10"),
        (b"[]", "structure", "array"),
        (b'"text"', "structure", "string"),
        (b"null", "structure", "null"),
        (b"true", "structure", "boolean"),
        (b"1.5", "structure", "number"),
        (b'{"value":1e309}', "value", "1e309"),
        (b'{"value":1e-999999999999999999999}', "value", "1e-9999"),
        (b'{"value":' + b"9" * 5000 + b"}", "value", "digits"),
    ],
)
def test_a_broken_body_is_refused_with_its_place(body: bytes, code: str, place: str) -> None:
    with pytest.raises(FhirError) as caught:
        decode(body)
    (issue,) = caught.value.issues
    assert caught.value.status == 400
    assert issue.code == code
    assert place in issue.diagnostics


def _nested(levels: int, opening: bytes = b'{"a":', closing: bytes = b"}") -> bytes:
    return opening * (levels - 1) + b"{}" + closing * (levels - 1)


def test_nesting_ends_at_its_limit() -> None:
    decode(_nested(MAX_DEPTH))
    for levels in (MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(FhirError) as caught:
            decode(_nested(levels))
        assert caught.value.issues[0].code == "structure"
        assert str(MAX_DEPTH) in caught.value.issues[0].diagnostics


def test_arrays_count_as_nesting() -> None:
    decode(b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}")
    with pytest.raises(FhirError):
        decode(b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}")


def test_what_json_has_no_form_for_is_not_written() -> None:
    with pytest.raises(TypeError, match="complex"):
        encode({"value": 1j})


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        (b'{"resourceType":"Patient","gender":"male","gender":"female"}', "Patient.gender"),
        (
            b'{"resourceType":"Patient","name":[{"family":"a"},{"family":"b","family":"b"}]}',
            "Patient.name[1].family",
        ),
        (b'{"a":{"b":{"c":1,"c":2}}}', "$this.a.b.c"),
        (b'{"a":1,"\\u0061":2}', "$this.a"),
    ],
)
def test_a_key_that_stands_twice_is_refused(body: bytes, expression: str) -> None:
    with pytest.raises(FhirError) as caught:
        decode(body, unique_keys=True)
    (issue,) = caught.value.issues
    assert (caught.value.status, issue.code, issue.expression) == (400, "structure", (expression,))


def test_one_key_in_two_objects_is_no_duplicate() -> None:
    body = b'{"a":{"value":1},"b":{"value":1},"c":"\\"a\\":1,\\"a\\":1"}'
    assert len(decode(body, unique_keys=True)) == 3
