"""A shelf of models: what serves, what runs unheard, and what is left out without harm."""

from dataclasses import replace

import pytest

from inference.prediction import Prediction
from inference.registry import ModelRefused
from inference.releases import manifest, package, self_test, shipping, state_log
from inference.releases.states import State
from tests.support.model_releases import ID, decide, files_of, put, roll_back, shelf, shipped
from tests.support.patients import predictor, snapshot


def served(held) -> str:
    return held.get(ID).definition.version


def test_without_a_folder_the_shipped_models_serve(tmp_path):
    held = shelf(tmp_path / "none")
    assert list(held) == list(shipped())
    assert held.current.shadows == ()
    assert not held.refresh()
    assert not (tmp_path / "none").exists()


def test_a_draft_is_here_and_does_not_run(tmp_path):
    held = shelf(tmp_path)
    put(tmp_path)
    assert held.refresh()
    assert served(held) == "1.0.0"
    assert held.get(ID, "1.1.0") is None
    item = next(i for i in held.view.items if i.version == "1.1.0")
    assert (item.state, item.serving, item.refusal) == (State.DRAFT, False, None)


def test_a_shadow_runs_beside_the_active_version_and_says_nothing(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow")
    heard = []
    speaking = replace(predictor(), registry=shelf(tmp_path), on_shadow=heard.append)
    answers = speaking.answer_all(snapshot()).given
    alone = predictor().answer_all(snapshot()).given
    assert [(a.model.id, a.model.version) for a in answers] == [
        (a.model.id, a.model.version) for a in alone
    ]
    assert [a.primary.value for a in answers] == [a.primary.value for a in alone]
    (said,) = heard
    assert said.answer.model.version == "1.1.0"
    assert isinstance(said.answer, Prediction)
    assert said.beside is answers[0]
    assert said.answer.primary.value > said.beside.primary.value


def test_a_shadow_that_fails_harms_nobody(tmp_path, monkeypatch):
    from inference.engine import GraphFailed

    class Broken:
        def run(self, rows):
            raise GraphFailed("no memory")

    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow")
    held = shelf(tmp_path)
    monkeypatch.setattr(held.current.shadows[0], "_engine", Broken())
    heard = []
    answers = replace(predictor(), registry=held, on_shadow=heard.append).answer_all(snapshot())
    assert len(answers.given) == 2
    assert (heard[0].answer.kind, heard[0].agrees) == ("failed", False)


def test_a_restricted_version_answers_by_name_and_never_on_a_card(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "restricted")
    held = shelf(tmp_path)
    named = held.get(ID, "1.1.0")
    assert named is not None
    assert served(held) == "1.0.0"
    speaking = replace(predictor(), registry=held)
    assert {a.model.version for a in speaking.answer_all(snapshot()).given} == {"1.0.0"}
    assert speaking.answer(named, snapshot()).digest == named.digest
    decide(tmp_path, "1.0.0", "restricted")
    held.refresh()
    assert ID not in {a.model.id for a in speaking.answer_all(snapshot()).given}
    assert held.get(ID) is not None


def test_what_was_withdrawn_is_silent_and_can_be_computed_again(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow", "active", "retired")
    held = shelf(tmp_path)
    assert held.get(ID) is None
    again = held.held(ID, "1.1.0")
    assert again is not None
    assert again.digest == manifest.sha256(files_of()[manifest.GRAPH])
    assert held.held(ID, "1.0.0") is shipped().get(ID)
    assert held.held(ID, "7.0.0") is None


def test_a_version_comes_into_service_and_goes_back_while_a_request_ends_with_its_own(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow")
    held = shelf(tmp_path)
    before = held.current
    decide(tmp_path, "1.1.0", "active")
    assert held.refresh()
    assert served(held) == "1.1.0"
    assert before.get(ID).definition.version == "1.0.0"
    assert [m.definition.id for m in held] == [m.definition.id for m in shipped()]
    roll_back(tmp_path)
    assert held.refresh()
    assert served(held) == "1.0.0"


def damage(path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_one_in_service_stays_where_the_next_one_is_damaged(tmp_path, caplog):
    path = put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow")
    held = shelf(tmp_path)
    decide(tmp_path, "1.1.0", "active")
    damage(path)
    assert held.refresh()
    assert served(held) == "1.0.0"
    assert any("1.1.0" in refusal.en for refusal in held.view.refusals)
    assert "model refused" in caplog.text
    path.unlink()
    put(tmp_path)
    assert held.refresh()
    assert served(held) == "1.1.0"
    assert held.view.refusals == ()


def test_a_file_damaged_or_taken_away_under_a_server_takes_nothing_out_of_service(tmp_path):
    path = put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow", "active")
    held = shelf(tmp_path)
    digest = held.get(ID).digest
    damage(path)
    held.refresh()
    assert held.get(ID).digest == digest
    path.unlink()
    held.refresh()
    assert held.get(ID).digest == digest
    assert any("no sound release" in refusal.en for refusal in held.view.refusals)
    with pytest.raises(ModelRefused, match=r"attending models rollback china-par"):
        shelf(tmp_path)


def test_a_log_of_states_that_is_not_whole_stops_a_start_and_changes_nothing_later(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow", "active")
    held = shelf(tmp_path)
    log = tmp_path / state_log.NAME
    log.write_bytes(log.read_bytes()[:-5])
    held.refresh()
    assert served(held) == "1.1.0"
    assert "line 2" in held.view.problems[0].en
    with pytest.raises(ModelRefused, match="line 2"):
        shelf(tmp_path)


def test_a_graph_that_misses_its_worked_examples_never_comes_into_service(tmp_path, monkeypatch):
    files = dict(files_of())
    files[manifest.GRAPH] = files_of(survival=0.5)[manifest.GRAPH]
    held = shelf(tmp_path)
    unsound = {k: v for k, v in files.items() if k != manifest.MANIFEST}
    described = manifest.describe(ID, "1.1.0", unsound, created="2026-11-23T02:00:00+00:00")
    package.write(
        tmp_path / "china-par-1.1.0.zip", unsound | {manifest.MANIFEST: described.render()}
    )
    decide(tmp_path, "1.1.0", "shadow", "active")
    held.refresh()
    assert served(held) == "1.0.0"
    assert any("worked example" in refusal.en for refusal in held.view.refusals)


def test_other_bytes_under_a_name_that_people_decided_on_are_refused(tmp_path):
    path = put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow")
    path.unlink()
    put(tmp_path, survival=0.5)
    held = shelf(tmp_path)
    assert held.current.shadows == ()
    assert any("what people decided on was" in refusal.en for refusal in held.view.refusals)


def test_a_release_of_what_ships_or_under_another_name_is_left_out(tmp_path):
    put(tmp_path, "1.0.0")
    package.write(tmp_path / "china-par-9.9.9.zip", files_of())
    package.write(tmp_path / "china-par-1.2.0.zip", files_of("1.2.0"))
    package.write(tmp_path / "china-par-1.2.0", files_of("1.2.0"))
    held = shelf(tmp_path)
    said = "\n".join(refusal.en for refusal in held.view.refusals)
    assert "china-par 1.0.0 is here already" in said
    assert "holds china-par-1.1.0" in said
    assert "china-par 1.2.0 is here already" in said
    assert len(held.view.refusals) == 3


def test_a_signed_list_of_what_ships_is_compared_at_every_look(tmp_path):
    held = shelf(tmp_path)
    (tmp_path / shipping.LIST).write_bytes(b"{}")
    held.refresh()
    assert "shipped.sig" in held.view.problems[0].en
    assert served(held) == "1.0.0"
    with pytest.raises(ModelRefused, match=r"shipped\.sig: is not there"):
        shelf(tmp_path)


def test_an_engine_is_made_once_for_a_version_whatever_else_changes(tmp_path, monkeypatch):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow")
    held = shelf(tmp_path)
    kept = held.current.shadows[0]
    monkeypatch.setattr(self_test, "tested_engine", None)
    decide(tmp_path, "1.1.0", "active")
    held.refresh()
    assert held.get(ID) is kept


def test_a_production_server_leaves_an_unsigned_release_out(tmp_path):
    from fhir_server.models_in_service import open_shelf
    from tests.support.server import settings

    put(tmp_path / "models")
    held = open_shelf(settings(tmp_path, profile="production"))
    assert served(held) == "1.0.0"
    assert ["is not signed" in refusal.en for refusal in held.view.refusals] == [True]
    assert open_shelf(settings(tmp_path)).view.refusals == ()
