"""Headers that may stand once, and those that are lists."""

import pytest
from starlette.requests import Request

from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.headers import listed_header, single_header


def request(*lines: tuple[bytes, bytes]) -> Request:
    return Request({"type": "http", "headers": list(lines)})


def test_a_header_that_stands_once_or_not_at_all() -> None:
    assert single_header(request((b"if-match", b'W/"1"')), "If-Match") == 'W/"1"'
    assert single_header(request(), "If-Match") is None


def test_of_two_conditions_none_is_passed_over() -> None:
    with pytest.raises(BadRequest, match="If-Match stands 2 times"):
        single_header(request((b"if-match", b'W/"1"'), (b"if-match", b'W/"2"')), "If-Match")


def test_the_lines_of_a_list_are_one_list() -> None:
    given = request((b"accept", b"a/b;q=0.1"), (b"accept", b"c/d"))
    assert listed_header(given, "Accept") == "a/b;q=0.1, c/d"
    assert listed_header(given, "Prefer") is None
