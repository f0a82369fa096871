"""Versions of a model are exchanged under a server that answers: nothing fails or is mixed."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.support.hooks import order_sign
from tests.support.model_releases import ID, decide, put, roll_back, shelf, shipped
from tests.support.patients import predictor, snapshot
from tests.support.server import serving

SIGN = "/cds-services/chronic-risk-order-sign"
SWAPS = 50
JSON = {"Content-Type": "application/json"}


def figures(registry) -> tuple[float, ...]:
    answer = replace(predictor(), registry=registry).answer_all(snapshot()).given[0]
    assert answer.model.id == ID
    return (answer.primary.value, answer.primary.low, answer.primary.high, answer.reference)


def test_fifty_exchanges_and_rollbacks_under_threads_that_answer(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow")
    held = shelf(tmp_path)
    old, new = held.get(ID), held.current.shadows[0]
    expected = {old.digest: figures(shipped())}
    decide(tmp_path, "1.1.0", "active")
    held.refresh()
    expected[new.digest] = figures(held.current)
    assert len(set(expected.values())) == 2
    ended = threading.Event()

    def answer_on() -> list[tuple[str, tuple[float, ...]]]:
        speaking, patient, said = replace(predictor(), registry=held), snapshot(), []
        while not ended.is_set():
            answers = speaking.answer_all(patient).given
            assert len(answers) == 2
            first = answers[0].primary
            values = (first.value, first.low, first.high, answers[0].reference)
            said.append((answers[0].digest, values))
        return said

    with ThreadPoolExecutor(3) as pool:
        answering = [pool.submit(answer_on) for _ in range(3)]
        try:
            for _ in range(SWAPS):
                roll_back(tmp_path)
                held.refresh()
                assert held.get(ID) is old
                decide(tmp_path, "1.1.0", "shadow", "active")
                held.refresh()
                assert held.get(ID).digest == new.digest
        finally:
            ended.set()
        said = [each for future in answering for each in future.result()]
    assert {digest for digest, _ in said} == expected.keys()
    assert all(expected[digest] == values for digest, values in said)


async def test_a_server_that_runs_follows_within_a_second_and_every_request_is_answered(tmp_path):
    folder = tmp_path / "models"
    put(folder)
    call = json.dumps(order_sign(), default=float)
    async with serving(tmp_path) as client:

        async def speaking() -> str:
            answer = await client.post(SIGN, content=call, headers=JSON)
            assert answer.status_code == 200
            assert len(answer.json()["cards"]) == 2
            digests = {m.digest for m in client.app.state.cds.evaluation.predictor.registry}
            found = [c for c in answer.json()["cards"] if "China-PAR" in c["summary"]]
            assert len(found) == 1
            assert digests
            return found[0]["summary"]

        async def until_changed(before: str) -> float:
            started = time.perf_counter()
            while await speaking() == before:
                assert time.perf_counter() - started < 5
                await asyncio.sleep(0)
            return time.perf_counter() - started

        old = await speaking()
        await asyncio.to_thread(decide, folder, "1.1.0", "shadow", "active")
        assert await until_changed(old) < 1.0
        new = await speaking()
        await asyncio.to_thread(roll_back, folder)
        assert await until_changed(new) < 1.0
        assert await speaking() == old
        text = (await client.get("/metrics")).text
        row = 'attending_model_state{model="china-par",served="%s",state="%s",version="%s"} 1.0'
        assert row % ("yes", "active", "1.0.0") in text
        assert row % ("no", "retired", "1.1.0") in text
        assert "attending_models_refused 0.0" in text


async def test_a_shadow_is_counted_and_logged_and_on_no_card(tmp_path):
    folder = tmp_path / "models"
    put(folder)
    decide(folder, "1.1.0", "shadow")
    async with serving(tmp_path) as client:
        answer = await client.post(
            SIGN, content=json.dumps(order_sign(), default=float), headers=JSON
        )
        assert len(answer.json()["cards"]) == 2
        text = (await client.get("/metrics")).text
    assert 'attending_model_shadow_answers_total{agrees="' in text
    assert 'model="china-par",version="1.1.0"} 1.0' in text
