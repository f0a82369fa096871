"""What messages become is held to the hospital's profiles; no result is lost by it."""

from pathlib import Path
from typing import Any

import pytest

from fhir_server.hl7v2.held_profiles import held_profiles
from fhir_server.hl7v2.intake import Intake
from fhir_server.r4.profile_packages import ProfilesRefused
from fhir_server.r4.profiles import Profiles
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.database import Database
from tests.support.profiles import RESULT, package, result_profile
from tests.unit.hl7v2.examples import (
    LIS,
    MSH,
    OBR,
    PID,
    Clock,
    ack_fields,
    intake,
    message,
    obx,
    stored,
)

pytestmark = pytest.mark.anyio

WITHOUT = message(MSH, PID, OBR, obx())
WITH_METHOD = message(MSH, PID, OBR, obx(f17="ENZ^enzymatic^99LIS"))


def result(store: Database) -> dict[str, Any]:
    """The one Observation in the store."""
    sql = "SELECT id FROM resource WHERE type = 'Observation'"
    (id,) = store.read_now(lambda c: c.exec_driver_sql(sql).scalars().all())
    return stored(store, f"Observation/{id}")


@pytest.fixture
def profiles(tmp_path: Path) -> Profiles:
    return Profiles.load(package(tmp_path / "profiles"))


@pytest.fixture
def strict(store: Database, clock: Clock, profiles: Profiles) -> Intake:
    held = held_profiles(profiles, {"Observation": RESULT})
    return intake(store, clock, held=held)


async def test_a_result_that_breaks_the_profile_is_stored_and_told(
    store: Database, strict: Intake
) -> None:
    answer = await strict.answer(WITHOUT, channel="mllp", peer=LIS)
    assert answer.code == "AA"
    found = result(store)
    assert "profile" not in found["meta"]
    (error,) = ack_fields(answer.acknowledgment)["ERR"]
    assert error[4] == "W"
    details = store.read_now(lambda c: messages.details(c, answer.message_id))
    (warning,) = details["warnings"]
    assert (
        f"Observation/{found['id']} is stored and does not conform to {RESULT}" in warning["text"]
    )
    assert "Observation.method (required)" in warning["text"]


async def test_a_result_that_conforms_claims_the_profile(store: Database, strict: Intake) -> None:
    answer = await strict.answer(WITH_METHOD, channel="mllp", peer=LIS)
    assert "ERR" not in ack_fields(answer.acknowledgment)
    assert result(store)["meta"]["profile"] == [RESULT]


async def test_a_correction_that_no_longer_conforms_loses_the_claim(
    store: Database, strict: Intake, clock: Clock
) -> None:
    await strict.answer(WITH_METHOD, channel="mllp", peer=LIS)
    later = MSH.replace("20261120103500", "20261120113500").replace("|C1|", "|C2|")
    corrected = message(later, PID, OBR.replace("20261120103000", "20261120113000"), obx(f11="C"))
    await strict.answer(corrected, channel="mllp", peer=LIS)
    found = result(store)
    assert found["status"] == "corrected"
    assert "profile" not in found["meta"]


def test_a_profile_that_is_not_loaded_stops_the_start(profiles: Profiles, tmp_path: Path) -> None:
    with pytest.raises(ProfilesRefused, match="not loaded"):
        held_profiles(None, {"Observation": RESULT})
    with pytest.raises(ProfilesRefused, match="profile of Observation"):
        held_profiles(profiles, {"Patient": RESULT})
    assert held_profiles(None, {}) is None
    other = Profiles.load(package(tmp_path / "other", result_profile(version="2.0.0")))
    with pytest.raises(ProfilesRefused, match="not loaded"):
        held_profiles(other, {"Observation": f"{RESULT}|1.0.0"})
