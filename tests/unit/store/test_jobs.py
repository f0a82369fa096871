"""A job's record: what it may become, and that a cancelled one never becomes complete."""

import pytest
from sqlalchemy import Connection

from fhir_server.store import jobs
from fhir_server.store.jobs import Job, JobGone


def job(id: str, **changes: object) -> Job:
    values: dict[str, object] = {
        "id": id,
        "kind": "export",
        "state": "queued",
        "owner": "https://emr.example",
        "server": "here",
        "request": '{"name": "张"}',
        "progress": "",
        "result": "",
        "error": "",
        "created": 10,
        "finished": None,
        "expires": None,
        "horizon": None,
        "attempts": 0,
    }
    return Job(**(values | changes))  # type: ignore[arg-type]


def test_it_is_kept_as_it_is(connection: Connection) -> None:
    kept = job("a", horizon=5)
    jobs.add(connection, kept)
    assert jobs.get(connection, "a") == kept
    assert jobs.get(connection, "b") is None


def test_it_is_begun_worked_on_and_completed(connection: Connection) -> None:
    jobs.add(connection, job("a"))
    begun = jobs.begin(connection, "a", horizon=7)
    assert (begun.state, begun.attempts, begun.horizon) == ("running", 1, 7)
    jobs.set_progress(connection, "a", "half")
    jobs.complete(connection, "a", "{}", now=20, until=30)
    done = jobs.get(connection, "a")
    assert done is not None
    assert (done.state, done.progress, done.result) == ("complete", "half", "{}")
    assert (done.finished, done.expires, done.is_finished) == (20, 30, True)


def test_one_that_was_cut_off_can_be_begun_again(connection: Connection) -> None:
    jobs.add(connection, job("a"))
    jobs.begin(connection, "a")
    assert jobs.begin(connection, "a").attempts == 2


def test_a_cancelled_one_is_never_complete(connection: Connection) -> None:
    jobs.add(connection, job("a"))
    jobs.begin(connection, "a")
    jobs.cancel(connection, "a", now=20, until=30)
    with pytest.raises(JobGone):
        jobs.set_progress(connection, "a", "more")
    with pytest.raises(JobGone):
        jobs.complete(connection, "a", "{}", now=21, until=30)
    with pytest.raises(JobGone):
        jobs.fail(connection, "a", "why", now=21, until=30)
    with pytest.raises(JobGone):
        jobs.begin(connection, "a")
    found = jobs.get(connection, "a")
    assert found is not None and found.state == "cancelled"


def test_each_server_takes_up_its_own(connection: Connection) -> None:
    jobs.add(connection, job("late", created=12))
    jobs.add(connection, job("early", created=11, state="running"))
    jobs.add(connection, job("theirs", server="there"))
    jobs.add(connection, job("done", state="complete"))
    assert [found.id for found in jobs.unfinished(connection, "here")] == ["early", "late"]
    assert jobs.count_unfinished(connection, "here") == 2


def test_what_expired_is_removed(connection: Connection) -> None:
    jobs.add(connection, job("old", state="complete", expires=30))
    jobs.add(connection, job("young", state="complete", expires=31))
    jobs.add(connection, job("open"))
    assert jobs.expired(connection, "here", 30) == ("old",)
    jobs.remove(connection, "old")
    assert jobs.get(connection, "old") is None
