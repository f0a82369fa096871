"""A server with Subscriptions on each of the two databases."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.fhir_store import BOTH, fresh_url
from tests.support.subscriptions import Ward, ward


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with fresh_url(str(request.param)) as place:
        yield place


@pytest.fixture
async def opened(url: str) -> AsyncIterator[Ward]:
    async with ward(url) as made:
        yield made
