"""The file of acts: added to, never changed; what is not whole is refused by its line."""

import pytest

from inference.registry import ModelRefused
from inference.releases import state_log
from inference.releases.states import State
from tests.support.model_releases import decide, put


@pytest.fixture
def log(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow", "active")
    return tmp_path / state_log.NAME


def test_each_act_is_a_line_and_says_who_when_and_why(log):
    first, second = state_log.history(log.parent)
    assert (first.by, first.why, first.was, first.state) == (
        "Dr Wu", "a test", State.DRAFT, State.SHADOW,
    )  # fmt: skip
    assert second.replaces == "1.0.0"
    assert log.read_bytes().count(b"\n") == 2
    assert [p.name for p in log.parent.iterdir() if p.name.endswith(".part")] == []


def test_a_line_cut_off_by_a_crash_is_refused_loudly(log):
    log.write_bytes(log.read_bytes()[:-20])
    with pytest.raises(ModelRefused, match=r"states\.ndjson: line 2 "):
        state_log.read(log.parent)


def test_a_line_taken_out_of_the_middle_is_refused(log):
    lines = log.read_bytes().splitlines(keepends=True)
    decide(log.parent, "1.1.0", "retired")
    later = log.read_bytes().splitlines(keepends=True)[2]
    log.write_bytes(lines[0] + later)
    with pytest.raises(ModelRefused, match="line 2"):
        state_log.read(log.parent)


def test_any_changed_byte_is_refused(log):
    whole = log.read_bytes()
    for at in range(len(whole)):
        log.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(ModelRefused, match="line"):
            state_log.read(log.parent)


def test_a_refused_act_writes_nothing(log):
    before = log.read_bytes()
    with pytest.raises(ModelRefused, match="goes from active to"):
        decide(log.parent, "1.1.0", "draft")
    with pytest.raises(ModelRefused, match="who and why"):
        decide(log.parent, "1.1.0", "shadow", why=" ")
    with pytest.raises(ModelRefused, match="who and why"):
        decide(log.parent, "1.1.0", "shadow", why="two\nlines")
    assert log.read_bytes() == before


def test_two_commands_at_once_write_one_after_the_other(log):
    from concurrent.futures import ThreadPoolExecutor

    put(log.parent, "1.2.0")
    put(log.parent, "1.3.0")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda v: decide(log.parent, v, "shadow", "draft", "shadow"),
                      ["1.2.0", "1.3.0"]))  # fmt: skip
    assert len(state_log.history(log.parent)) == 8
