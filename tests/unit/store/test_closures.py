"""A closure table grows by steps, each made for the version that it is added to."""

import pytest

from fhir_server.store import closures
from terminology.service.closure import Placed, Relation, Step
from tests.support.fhir_store import BOTH, writing

TC, LDL = (Placed("http://hospital.example.cn/lab", "1", code) for code in ("TC", "LDL"))
BELOW = Step((LDL,), (Relation(LDL.system, "1", "LDL", "TC"),))


@pytest.mark.parametrize("adapter", BOTH)
def test_steps_come_back_as_they_were_added(adapter: str) -> None:
    with writing(adapter=adapter) as connection:
        assert closures.steps_of(connection, "实验室") == {}
        assert closures.begin(connection, "实验室") == 1
        assert closures.grow(connection, "实验室", 1, Step((TC,)))
        assert closures.grow(connection, "实验室", 2, BELOW)
        found = closures.steps_of(connection, "实验室")
        assert list(found.items()) == [(1, Step()), (2, Step((TC,))), (3, BELOW)]
        assert closures.steps_of(connection, "another") == {}


@pytest.mark.parametrize("adapter", BOTH)
def test_a_step_that_was_made_for_another_version_is_not_added(adapter: str) -> None:
    """Its relations with what came between would be missing."""
    with writing(adapter=adapter) as connection:
        closures.begin(connection, "lab")
        assert closures.grow(connection, "lab", 1, Step((TC,)))
        assert not closures.grow(connection, "lab", 1, Step((LDL,)))
        assert not closures.grow(connection, "none", 1, Step((LDL,)))
        assert list(closures.steps_of(connection, "lab")) == [1, 2]


@pytest.mark.parametrize("adapter", BOTH)
def test_a_table_that_is_begun_anew_has_versions_that_nobody_knows(adapter: str) -> None:
    with writing(adapter=adapter) as connection:
        closures.begin(connection, "lab")
        closures.grow(connection, "lab", 1, Step((TC,)))
        assert closures.begin(connection, "lab") == 3
        assert closures.steps_of(connection, "lab") == {3: Step()}
