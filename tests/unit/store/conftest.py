"""A store on each of the two databases for the tests of this room."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from tests.support.fhir_store import BOTH, fresh_url, writing


@pytest.fixture(params=BOTH)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connection(adapter: str) -> Iterator[Connection]:
    with writing(adapter=adapter) as opened:
        yield opened


@pytest.fixture
def url(adapter: str) -> Iterator[str]:
    """The URL of an empty place for a store."""
    with fresh_url(adapter) as place:
        yield place
