"""Fixtures and settings that every kind of test shares."""

import pytest
from hypothesis import settings

# A shared machine is slow at times: how long an example takes is for benchmarks to say.
settings.register_profile("attending", deadline=None)
settings.load_profile("attending")


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the loop that the server runs on."""
    return "asyncio"
