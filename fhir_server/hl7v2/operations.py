"""What an operator may do with kept messages: look at one, process it again, judge quarantine.

Whatever was decided is kept with the message: by whom, when and why. Nothing is ever deleted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from sqlalchemy import Connection

from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.working import Answer
from fhir_server.store import hl7v2_log as log
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_log import LoggedMessage
from fhir_server.store.hl7v2_messages import State
from fhir_server.store.resources import instant_text, microseconds

Action: TypeAlias = Literal["release", "discard"]

# A message that was kept so long and has no outcome is not being processed: its server is gone,
# or its store was away when it came.
STUCK_SECONDS: Final = 300
REPLAYED: Final[tuple[State, ...]] = ("processed", "rejected", "failed")
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Judge:
    """Who decides: a person by name, and the registered client over which it was said."""

    by: str
    client: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Operations:
    """The operator's side of an intake, for the commands and over HTTP alike."""

    database: Database
    intake: Intake
    now: Callable[[], datetime] = field(default=_now)

    async def logged(self, id: str) -> LoggedMessage:
        """Return one message in full; Refused (404) where there is none of that id."""
        found = await self.database.read(lambda c: log.logged(c, id))
        if found is None:
            raise _unknown(id)
        return found

    async def replay(self, id: str) -> Answer:
        """Process one message again; Refused (404, 409) where that is not possible.

        What is in quarantine or discarded needs a person's release first, and what is being
        processed now is left alone.
        """
        found = await self.logged(id)
        listed = found.listed
        if listed.state in ("quarantined", "discarded"):
            raise Refused(409, "conflict", f"hl7v2.replay-{listed.state}", id=id)
        if listed.state == "received" and not is_stuck(listed.received, self.now()):
            raise Refused(409, "conflict", "hl7v2.replay-received", id=id, seconds=STUCK_SECONDS)
        return await self._processed(id)

    async def release(self, id: str, judge: Judge, reason: str = "") -> Answer:
        """Process a message from quarantine as it stands, a person having judged it.

        Refused: 404; 409 for one that is not in quarantine, or bytes that are no whole message.
        One that was discarded may be released too. If the server stops in between, the message
        is processed at the next start.
        """
        decision = self._decision("release", judge, reason)

        def job(connection: Connection) -> None:
            found = _judged(connection, id, ("quarantined", "discarded"))
            if found.is_fragment:
                raise Refused(409, "conflict", "hl7v2.release-fragment", id=id)
            log.decide(connection, id, "received", decision)

        await self.database.write(job)
        return await self._processed(id)

    async def discard(self, id: str, judge: Judge, reason: str) -> None:
        """Mark a message in quarantine as not to be processed; its bytes stay.

        Refused: 404; 400 without a reason; 409 for one that is not in quarantine.
        """
        if not reason.strip():
            raise Refused(400, "required", "hl7v2.discard-reason")
        decision = self._decision("discard", judge, reason)

        def job(connection: Connection) -> None:
            _judged(connection, id, ("quarantined",))
            log.decide(connection, id, "discarded", decision)

        await self.database.write(job)

    async def _processed(self, id: str) -> Answer:
        answer = await self.intake.process_again(id)
        if answer is None:
            raise _unknown(id)
        return answer

    def _decision(self, action: Action, judge: Judge, reason: str) -> log.Decision:
        if len(reason) > _LONGEST or len(judge.by) > _LONGEST:
            raise Refused(400, "too-long", "hl7v2.reason-long", most=_LONGEST)
        decision = {"action": action, "at": instant_text(self.now()), "by": judge.by}
        client = {"client": judge.client} if judge.client else {}
        return decision | client | {"reason": reason.strip()}


def is_stuck(received: int, now: datetime) -> bool:
    """Whether a message without outcome has waited longer than processing can take."""
    return received < microseconds(now) - STUCK_SECONDS * 1_000_000


def _judged(connection: Connection, id: str, states: tuple[State, ...]) -> LoggedMessage:
    found = log.logged(connection, id)
    if found is None:
        raise _unknown(id)
    if found.listed.state not in states:
        raise Refused(409, "conflict", "hl7v2.not-quarantined", id=id, state=found.listed.state)
    return found


def _unknown(id: str) -> Refused:
    return Refused(404, "not-found", "hl7v2.not-found", id=id[:64])
