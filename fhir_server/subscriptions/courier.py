"""The background worker: sends what is due, one notification at a time for each Subscription.

Everything it knows stands in the database: after a crash it goes on from there, and several
servers on one database share the work by leases.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from fhir_server.r4.outcome import FhirError
from fhir_server.store.database import Database
from fhir_server.store.resources import microseconds
from fhir_server.subscriptions import delivery, records
from fhir_server.subscriptions.delivery import Delivery
from fhir_server.subscriptions.notifications import Place, notification
from fhir_server.subscriptions.policy import Policy
from fhir_server.subscriptions.sending import NotTaken, Send

_LOG = logging.getLogger(__name__)

# Other servers' events, heartbeats and the ends of pauses are seen by looking; own events at once.
_LOOK_EVERY = 1.0
_EXPIRE_EVERY = timedelta(minutes=10)
_AFTER_TROUBLE = 5.0


def _nothing(_kind: str, _outcome: str) -> None:
    return None


@dataclass(slots=True)
class Courier:
    """Delivers notifications; `on_outcome` counts them by kind and outcome.

    `together` notifications are under way at once. `owner` is the name of this process in leases.
    """

    database: Database
    send: Send
    policy: Policy
    base_url: str
    clock: Callable[[], datetime]
    on_outcome: Callable[[str, str], None] = _nothing
    spread: Callable[[], float] = random.random
    together: int = 8
    owner: str = field(default_factory=lambda: uuid4().hex)
    _under_way: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _worker: "asyncio.Task[None] | None" = None
    _expired: datetime | None = None

    async def start(self) -> None:
        """Begin to deliver; leases that a killed process held on this machine's file are free."""
        self._loop = asyncio.get_running_loop()
        if self.database.is_file:
            await self.database.write(records.release_all)
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """End; what is under way is given up, and sent again after the next start."""
        tasks = [task for task in (self._worker, *self._under_way.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._under_way.clear()
        self._worker = None
        await self.send.close()

    def wake(self) -> None:
        """Look at once; safe to call from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._wake.set)

    async def round(self) -> int:
        """Begin to send what is due, as far as there is room; return how many were begun."""
        now = self.clock()
        room = self.together - len(self._under_way)
        if room <= 0:
            return 0
        look = partial(records.due, now=microseconds(now), most=room + len(self._under_way))
        waiting = [id for id in await self.database.read(look) if id not in self._under_way]
        for id in waiting[:room]:
            task = asyncio.create_task(self._deliver(id))
            self._under_way[id] = task
            task.add_done_callback(partial(self._done, id))
        return len(waiting[:room])

    async def settle(self) -> None:
        """Send until nothing is due and nothing under way (at the clock's present time)."""
        while await self.round() or self._under_way:
            await asyncio.gather(*self._under_way.values())

    async def expire(self) -> None:
        """Remove what need not be kept, where that was not done lately."""
        now = self.clock()
        if self._expired is not None and now - self._expired < _EXPIRE_EVERY:
            return
        self._expired = now
        ended = await self.database.write(partial(delivery.expire, policy=self.policy, now=now))
        if ended:
            _LOG.warning("subscriptions ended after a long error", extra={"count": ended})

    async def _work(self) -> None:
        while True:
            pause = _LOOK_EVERY
            try:
                await self.expire()
                await self.round()
            except FhirError as error:  # the database does not answer; it is asked again
                _LOG.warning("subscriptions wait", extra={"reason": error.issues[0].code})
                pause = _AFTER_TROUBLE
            except Exception:  # noqa: BLE001 (the worker loop: whatever it is, the others go on)
                _LOG.exception("subscriptions failed")
                pause = _AFTER_TROUBLE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()

    def _done(self, id: str, task: "asyncio.Task[None]") -> None:
        self._under_way.pop(id, None)
        if task.cancelled() or task.exception() is None:
            self._wake.set()
            return
        # Its lease ends by itself; then it is tried again. Not at once: that would be a busy loop.
        _LOG.error("notification failed", exc_info=task.exception())

    async def _deliver(self, id: str) -> None:
        now = self.clock()
        claimed = await self.database.write(
            lambda c: delivery.claim(c, id, self.owner, policy=self.policy, now=now)
        )
        if claimed is None:
            return
        try:
            await self._post(claimed)
        except NotTaken as refusal:
            await self._refused(claimed, str(refusal))
            return
        counts = await self.database.write(
            partial(delivery.taken, delivery=claimed, now=self.clock())
        )
        self.on_outcome(claimed.kind, "taken" if counts else "superseded")

    async def _post(self, claimed: Delivery) -> None:
        terms = claimed.known.terms
        number = uuid4()
        place = Place(self.base_url, self.clock())
        body = notification(
            claimed.known, claimed.kind, place,
            id=number, found=claimed.found, bodies=claimed.bodies,
        )  # fmt: skip
        headers = {"Accept": "*/*", **dict(terms.headers), "Content-Type": terms.media_type}
        await self.send(terms.endpoint, body, headers, seconds=terms.timeout)

    async def _refused(self, claimed: Delivery, why: str) -> None:
        reason = f"The {claimed.kind} was not taken: {why}."
        status = await self.database.write(
            lambda c: delivery.refused(
                c, claimed, reason, policy=self.policy, spread=self.spread(), now=self.clock()
            )
        )
        outcome = "superseded" if status is None else "refused"
        self.on_outcome(claimed.kind, outcome)
        details = {"subscription": claimed.known.id, "reason": why, "state": status}
        if status == "error":
            self.on_outcome(claimed.kind, "given up")
            _LOG.error("subscription in error", extra=details)
        else:
            _LOG.warning("notification not taken", extra=details)
