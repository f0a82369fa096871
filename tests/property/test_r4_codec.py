"""Decoding and encoding lose nothing, whatever the JSON."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.codec import decode, encode
from fhir_server.r4.outcome import FhirError

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_number_text = st.from_regex(
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20}([eE][+-]?[0-9]{1,2})?|[eE][+-]?[0-9]{1,2})",
    fullmatch=True,
)
_whole = st.integers(-(10**30), 10**30)


class _Number(str):
    """Number text, so that the standard library's view keeps every spelling."""


def _body(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_body(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_body(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _tree(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
        max_leaves=20,
    )


_JSON = _tree(st.none() | st.booleans() | _text | _whole | _number_text.map(_Number))


@given(st.dictionaries(_text, _JSON, max_size=6))
def test_number_text_text_and_order_survive(record: dict[str, Any]) -> None:
    body = _body(record).encode()
    written = encode(decode(body))
    before = json.loads(body, parse_float=str, parse_int=str)
    after = json.loads(written, parse_float=str, parse_int=str)
    assert after == before
    assert list(after) == list(before)
    assert encode(decode(written)) == written


@given(_number_text)
def test_a_number_is_worth_what_its_text_says(text: str) -> None:
    value = decode(f'{{"v":{text}}}'.encode())["v"]
    assert value == Decimal(text)
    assert isinstance(value, Decimal)


@given(st.binary(max_size=60) | _JSON.map(lambda v: _body(v).encode()[:-1]))
def test_any_bytes_are_decoded_or_refused_with_a_place(body: bytes) -> None:
    try:
        record = decode(body)
    except FhirError as error:
        assert error.status == 400
        assert error.issues[0].diagnostics
    else:
        assert isinstance(record, dict)
        assert json.loads(body) is not None


_TEXTS = st.sampled_from(["", "a", "a:", ":", "\\n:", '\\":', "http://loinc.org", "\\\\"])


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c:", "\\u0061"]), _TEXTS), min_size=1, max_size=4
    ),
    st.sampled_from([":", ": ", " :", "\t:\r", "\n:\n"]),
)
def test_duplicates_are_refused_exactly_where_there_are_some(
    pairs: list[tuple[str, str]], colon: str
) -> None:
    inner = "{" + ",".join(f'"{key}"{colon}"{value}"' for key, value in pairs) + "}"
    body = f'{{"resourceType":"Basic","extension":[{inner}]}}'.encode()
    keys = [json.loads(f'"{key}"') for key, _ in pairs]
    try:
        record = decode(body, unique_keys=True)
    except FhirError as error:
        (expression,) = error.issues[0].expression
        assert keys.count(expression.removeprefix("Basic.extension[0].").strip("`")) > 1
    else:
        assert len(set(keys)) == len(keys) == len(record["extension"][0])
