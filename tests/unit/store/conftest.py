"""A connection to a fresh store for the tests of this room."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from tests.support.fhir_store import writing


@pytest.fixture
def connection() -> Iterator[Connection]:
    with writing() as opened:
        yield opened
