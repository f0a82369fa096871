"""Replays that a server runs while others work: one at a time, watched and stopped by their id."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.replay import Tally
from fhir_server.r4.outcome import FhirError
from fhir_server.store.identity import new_id

_LOG = logging.getLogger(__name__)

State: TypeAlias = Literal["running", "done", "stopped", "failed"]
Work: TypeAlias = Callable[[Callable[[Tally], None]], Awaitable[Tally]]
# Ended ones are remembered for who asks later.
_REMEMBERED: Final = 20


@dataclass(slots=True)
class Run:
    """One replay: what was asked for, how far it is, and when."""

    id: str
    asked: Mapping[str, str]
    started: datetime
    tally: Tally = field(default_factory=lambda: Tally(0))
    state: State = "running"
    finished: datetime | None = None
    task: "asyncio.Task[None] | None" = field(default=None, repr=False)


class Replays:
    """The replays of one server; they end with it, and may be begun again at any time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._runs: dict[str, Run] = {}

    def start(self, work: Work, asked: Mapping[str, str]) -> Run:
        """Begin a replay; Refused (409) while another runs."""
        for other in self._runs.values():
            if other.state == "running":
                raise Refused(409, "conflict", "hl7v2.replay-running", id=other.id)
        now = self._now()
        run = Run(new_id(now), dict(asked), now)
        self._runs[run.id] = run
        for old in list(self._runs)[:-_REMEMBERED]:
            del self._runs[old]
        run.task = asyncio.create_task(self._run(run, work))
        return run

    def find(self, id: str) -> Run:
        """Return a replay; Refused (404) where there is none of that id."""
        run = self._runs.get(id)
        if run is None:
            raise Refused(404, "not-found", "hl7v2.replay-unknown", id=id[:64])
        return run

    async def stop(self, id: str) -> Run:
        """Stop a replay; what it has begun is finished. One that has ended stays as it is."""
        run = self.find(id)
        if run.task is not None and not run.task.done():
            run.task.cancel()
            await asyncio.wait([run.task])
            if run.state == "running":
                # It was stopped before it had begun.
                run.state, run.finished = "stopped", self._now()
        return run

    async def close(self) -> None:
        """Stop whatever runs."""
        for run in list(self._runs.values()):
            await self.stop(run.id)

    async def _run(self, run: Run, work: Work) -> None:
        def tell(tally: Tally) -> None:
            run.tally = tally

        end: State = "failed"
        try:
            run.tally = await work(tell)
            end = "done"
        except asyncio.CancelledError:
            end = "stopped"
        except FhirError as error:
            # The store does not answer; whoever asks for the replay sees how far it came.
            _LOG.error("hl7v2 replay failed", extra={"error": type(error).__name__})
        finally:
            run.state, run.finished = end, self._now()
