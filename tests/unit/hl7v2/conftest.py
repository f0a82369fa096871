"""A store in a folder of the test, and the demo hospital's intake on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_server.hl7v2.intake import Intake
from fhir_server.store.database import Database
from tests.unit.hl7v2.examples import SHANGHAI, Clock, intake


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path}/test.db", zone=SHANGHAI)
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hospital(store: Database, clock: Clock) -> Intake:
    return intake(store, clock)
