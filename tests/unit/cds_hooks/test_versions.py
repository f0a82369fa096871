"""Cards and records of an installed version: the words of a shipped one, computed again later."""

from dataclasses import replace

import pytest

from cds_hooks.replay import ReplayRefused, replay
from fhir_server.r4.codec import decode, encode
from tests.support.hooks import bundle, order_sign, prefetch
from tests.support.model_releases import ID, decide, put, roll_back, shelf
from tests.support.patients import REGISTRY, observation, patient, predictor, usual_results
from tests.unit.cds_hooks.test_evaluate import House

pytestmark = pytest.mark.anyio
SHIPPED_SURVIVAL = 0.9707


def house(folder) -> House:
    return House(predictor=replace(predictor(), registry=shelf(folder)))


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("birth_date", ["1968-03-12", "1930-03-12"])
async def test_a_card_of_the_same_graph_reads_the_same_when_it_comes_from_a_release(
    tmp_path, language, birth_date
):
    put(tmp_path, survival=SHIPPED_SURVIVAL)
    decide(tmp_path, "1.1.0", "shadow", "active")
    call = order_sign(prefetch=prefetch(patient=patient(birthDate=birth_date)))
    installed = (await house(tmp_path).cards(call, language=language))[ID]
    shipped = (await House().cards(call, language=language))[ID]
    assert installed.summary == shipped.summary
    assert installed.detail.replace("1.1.0", "1.0.0") == shipped.detail
    assert installed.indicator == shipped.indicator


async def test_what_a_version_said_is_computed_again_after_it_was_rolled_back(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow", "active")
    deployment = house(tmp_path)
    await deployment.cards(order_sign())
    assessment, proof = (decode(encode(each)) for each in deployment.record.resources[:2])
    roll_back(tmp_path)
    later = shelf(tmp_path)
    assert later.get(ID, "1.1.0") is None
    replayed = replay(assessment, proof, later)
    assert replayed
    assert all(outcome.same for outcome in replayed)
    (tmp_path / "china-par-1.1.0.zip").unlink()
    with pytest.raises(ReplayRefused, match=r"does not hold the model china-par 1\.1\.0"):
        replay(assessment, proof, shelf(tmp_path))


async def test_every_record_is_computed_again_to_the_last_digit():
    """A matrix product of one row may be summed in another order than one of 260 rows."""
    for waist in range(80, 100):
        results = [
            observation("waist", "8280-0", str(waist), "cm") if r["id"] == "waist" else r
            for r in usual_results()
        ]
        deployment = House()
        await deployment.cards(order_sign(prefetch=prefetch(observations=bundle(results))))
        assessment, proof = (decode(encode(each)) for each in deployment.record.resources[:2])
        assert [o for o in replay(assessment, proof, REGISTRY) if not o.same] == []
