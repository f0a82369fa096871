"""Cursors: what is written is read, anything else is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.cursors import read_cursor, write_cursor
from fhir_server.store.search_query import Cursor, Sort

NUMBERS = st.integers(-(1 << 62), 1 << 62)
SORTED = st.builds(
    Cursor,
    st.builds(Sort, st.sampled_from(["date", "_lastUpdated"]), st.booleans(), st.booleans()),
    st.none() | NUMBERS,
    NUMBERS,
)


@given(SORTED | st.builds(Cursor, st.none(), st.none(), NUMBERS))
def test_a_cursor_comes_back(cursor: Cursor) -> None:
    assert read_cursor(write_cursor(cursor)) == cursor


def of(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["", "a", "!", "é", of(b"[]"), of(b'["1"]'), of(b"[1,2,3]"), of(b"{}"), of(b"[1.5]"),
     of(b"[99999999999999999999]"), of(b"[1,99999999999999999999]"), of(b"[9223372036854775808]"),
     of(b'[1,2,"date",false,false,0]')],
)  # fmt: skip
def test_what_this_server_has_not_written_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="next link"):
        read_cursor(text)
