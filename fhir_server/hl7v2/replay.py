"""Messages processed again, all or those that are meant, each patient's in the order they came.

What is there already makes no new version, and an older message overwrites nothing newer, so a
replay may be broken off anywhere and begun again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Final

from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.mapping.context import Translator
from fhir_server.hl7v2.operations import REPLAYED
from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.working import Answer
from fhir_server.store import hl7v2_log as log
from fhir_server.store import hl7v2_unmapped as unmapped
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_log import Filter

# Enough to share each commit; a list in memory never holds more bodies than this.
_AT_ONCE: Final = 32
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a replay has come: messages by what became of them, and new versions.

    `processed` is `unchanged` and `changed` together; `refused` were rejected again, `failed`
    could not be processed by a fault of ours.
    """

    total: int
    unchanged: int = 0
    changed: int = 0
    refused: int = 0
    failed: int = 0
    versions: int = 0

    @property
    def processed(self) -> int:
        """How many messages are in the record."""
        return self.unchanged + self.changed

    @property
    def done(self) -> int:
        """How many messages have been dealt with."""
        return self.processed + self.refused + self.failed

    def and_one(self, answer: Answer | None) -> "Tally":
        """Return the tally with one message more; None is one that is gone."""
        if answer is None or answer.may_be_repeated:
            return replace(self, failed=self.failed + 1)
        if answer.code != "AA":
            return replace(self, refused=self.refused + 1)
        if answer.versions:
            versions = self.versions + answer.versions
            return replace(self, changed=self.changed + 1, versions=versions)
        return replace(self, unchanged=self.unchanged + 1)


def check_states(wanted: Filter) -> None:
    """Refuse (400) a replay of messages that are for a person to judge, or being processed."""
    for state in wanted.states:
        if state not in REPLAYED:
            states = ", ".join(REPLAYED)
            raise Refused(400, "value", "hl7v2.replay-state", state=state, states=states)


@dataclass(frozen=True, slots=True)
class Replay:
    """Processes stored messages again; `tell` is told how far it is, after each."""

    database: Database
    intake: Intake
    tell: Callable[[Tally], None] = lambda _: None

    async def matching(self, wanted: Filter) -> Tally:
        """Process what is meant again; of no state, all that were processed, rejected or failed.

        Messages that come in meanwhile are not part of it. Refused (400) where other states are
        meant: what is in quarantine or discarded is released one by one, by a person.
        """
        check_states(wanted)
        wanted = wanted if wanted.states else replace(wanted, states=REPLAYED)
        until = await self.database.read(log.newest)
        total = await self.database.read(lambda c: log.total(c, wanted))
        return await self._run(Tally(total), self._ids(wanted, until))

    async def one(self, id: str) -> Tally:
        """Process one message again, whatever its state."""

        async def only() -> AsyncIterator[str]:
            yield id

        return await self._run(Tally(1), only())

    async def newly_mapped(self, translators: tuple[Translator, ...]) -> Tally:
        """Process the messages whose results wait on codes that a table maps by now."""
        waiting = await self.database.read(unmapped.codes)
        mapped = frozenset(
            (each.system, each.code)
            for each in waiting
            if any(table.translate(each.system, each.code) for table in translators)
        )
        total = sum(each.results for each in waiting if (each.system, each.code) in mapped)
        tally = Tally(total)
        if mapped:
            tally = await self._run(tally, self._waiting_ids(mapped))
        # Several results may be one message's: what was counted ahead were results.
        tally = replace(tally, total=tally.done)
        self.tell(tally)
        return tally

    async def _run(self, tally: Tally, ids: AsyncIterator[str]) -> Tally:
        running: deque[asyncio.Task[Answer]] = deque()
        try:
            async for id in ids:
                task = await self.intake.begin_again(id)
                if task is None:
                    tally = tally.and_one(None)
                    continue
                running.append(task)
                if len(running) >= _AT_ONCE:
                    tally = await self._counted(tally, running)
            while running:
                tally = await self._counted(tally, running)
        finally:
            # Broken off: what has begun is finished, nothing more begins.
            if running:
                await asyncio.wait(running)
        return tally

    async def _counted(self, tally: Tally, running: deque[asyncio.Task[Answer]]) -> Tally:
        tally = tally.and_one(await asyncio.shield(running[0]))
        running.popleft()
        self.tell(tally)
        return tally

    async def _ids(self, wanted: Filter, until: int) -> AsyncIterator[str]:
        after = 0
        while True:
            found = await self.database.read(
                lambda c, after=after: log.ids_after(  # type: ignore[misc]
                    c, wanted, after=after, until=until, most=_PAGE
                )
            )
            for after, id in found:  # noqa: B007 (read after the loop)
                yield id
            if not found:
                return

    async def _waiting_ids(self, mapped: frozenset[tuple[str, str]]) -> AsyncIterator[str]:
        after = ""
        while True:
            found = await self.database.read(
                lambda c, after=after: unmapped.messages_waiting(  # type: ignore[misc]
                    c, mapped, after=after, most=_PAGE
                )
            )
            for after in found:
                yield after
            if not found:
                return
