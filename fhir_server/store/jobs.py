"""Bulk jobs as they are kept: a job outlives the process that works on it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from fhir_server.store.record_tables import JobRow
from fhir_server.store.statements import Prepared, SqlValue, adding
from fhir_server.store.tables import table

Kind: TypeAlias = Literal["export", "import"]
State: TypeAlias = Literal["queued", "running", "complete", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """One job, as `record_tables.JobRow` describes it."""

    id: str
    kind: Kind
    state: State
    owner: str
    server: str
    request: str
    progress: str
    result: str
    error: str
    created: int
    finished: int | None
    expires: int | None
    horizon: int | None
    attempts: int

    @property
    def is_finished(self) -> bool:
        """Whether nothing will be done for it any more."""
        return self.state not in ("queued", "running")


_JOB = table(JobRow.__tablename__)
_COLUMNS = tuple(_JOB.c[name] for name in Job.__dataclass_fields__)
_OF_ID = _JOB.c.id == bindparam("of_id")
_UNFINISHED = or_(_JOB.c.state == "queued", _JOB.c.state == "running")

_ADD = Prepared(adding(_JOB, *Job.__dataclass_fields__))
_GET = Prepared(select(*_COLUMNS).where(_OF_ID))
_OPEN = Prepared(
    select(*_COLUMNS)
    .where(_UNFINISHED, _JOB.c.server == bindparam("of_server"))
    .order_by(_JOB.c.created)
)
_COUNT_OPEN = Prepared(
    select(func.count()).where(_UNFINISHED, _JOB.c.server == bindparam("of_server"))
)
_EXPIRED = Prepared(
    select(_JOB.c.id).where(
        _JOB.c.expires <= bindparam("now"), _JOB.c.server == bindparam("of_server")
    )
)
_BEGIN = Prepared(
    update(_JOB)
    .values(state="running", attempts=_JOB.c.attempts + 1, horizon=bindparam("at"))
    .where(_OF_ID, _UNFINISHED)
)
_PROGRESS = Prepared(
    update(_JOB).values(progress=bindparam("said")).where(_OF_ID, _JOB.c.state == "running")
)
_FINISH = Prepared(
    update(_JOB)
    .values(
        state=bindparam("new_state"),
        result=bindparam("said"),
        error=bindparam("why"),
        finished=bindparam("now"),
        expires=bindparam("until"),
    )
    .where(_OF_ID, _UNFINISHED)
)
_CANCEL = Prepared(
    update(_JOB)
    .values(state="cancelled", finished=bindparam("now"), expires=bindparam("until"))
    .where(_OF_ID)
)
_REMOVE = Prepared(delete(_JOB).where(_OF_ID))


class JobGone(Exception):
    """The job was cancelled while its work went on: what was about to be written is not."""


def add(connection: Connection, job: Job) -> None:
    """Store a new job."""
    _ADD.run_named(connection, {name: getattr(job, name) for name in Job.__dataclass_fields__})


def get(connection: Connection, id: str) -> Job | None:
    """Return a job, None where there is none."""
    row = _GET.run_named(connection, {"of_id": id}).fetchone()
    return None if row is None else Job(*row)


def unfinished(connection: Connection, server: str) -> tuple[Job, ...]:
    """Return the jobs of a server that are queued or running, the oldest first."""
    rows = _OPEN.run_named(connection, {"of_server": server}).fetchall()
    return tuple(Job(*row) for row in rows)


def count_unfinished(connection: Connection, server: str) -> int:
    """Return how many jobs of a server are queued or running."""
    found: int = _COUNT_OPEN.run_named(connection, {"of_server": server}).fetchone()[0]
    return found


def expired(connection: Connection, server: str, now: int) -> tuple[str, ...]:
    """Return the ids of a server's jobs whose time is over."""
    rows = _EXPIRED.run_named(connection, {"of_server": server, "now": now}).fetchall()
    return tuple(row[0] for row in rows)


def begin(connection: Connection, id: str, *, horizon: int | None = None) -> Job:
    """Mark a job as running, with the horizon of an export, and return it; JobGone where it ended.

    It may be running by the record already: the process that ran it has died.
    """
    _changed(connection, _BEGIN, {"of_id": id, "at": horizon})
    found = get(connection, id)
    if found is None:
        raise JobGone(id)
    return found


def set_progress(connection: Connection, id: str, progress: str) -> None:
    """Keep how far a running job has come; JobGone where it runs no more."""
    _changed(connection, _PROGRESS, {"of_id": id, "said": progress})


def complete(connection: Connection, id: str, result: str, *, now: int, until: int) -> None:
    """Mark a job as complete, its files kept `until`; JobGone where it was cancelled meanwhile."""
    _finish(connection, id, "complete", result=result, error="", now=now, until=until)


def fail(connection: Connection, id: str, error: str, *, now: int, until: int) -> None:
    """Mark a job as failed, for the reason `error`; JobGone where it was cancelled meanwhile."""
    _finish(connection, id, "failed", result="", error=error, now=now, until=until)


def cancel(connection: Connection, id: str, *, now: int, until: int) -> None:
    """Mark a job as cancelled, whatever its state; its record stays `until`."""
    _CANCEL.run_named(connection, {"of_id": id, "now": now, "until": until})


def remove(connection: Connection, id: str) -> None:
    """Remove the record of a job."""
    _REMOVE.run_named(connection, {"of_id": id})


def _finish(
    connection: Connection, id: str, state: State, *, result: str, error: str, now: int, until: int
) -> None:
    values: dict[str, SqlValue] = {
        "of_id": id,
        "new_state": state,
        "said": result,
        "why": error,
        "now": now,
        "until": until,
    }
    _changed(connection, _FINISH, values)


def _changed(connection: Connection, statement: Prepared, values: dict[str, SqlValue]) -> None:
    cursor = statement.run_named(connection, values)
    if cursor.rowcount == 0:
        raise JobGone(str(values["of_id"]))
