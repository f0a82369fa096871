"""The cards that went out, and what physicians did with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from cds_hooks.feedback import Feedback, UnknownCard
from cds_hooks.ports import IssuedCard
from fhir_server.store import resources
from fhir_server.store.database import Database
from fhir_server.store.record_tables import FeedbackRow
from fhir_server.store.resources import microseconds
from fhir_server.store.statements import Prepared, adding
from fhir_server.store.tables import table

_CARD = table("issued_card")
_FEEDBACK = table("card_feedback")
_ADD_CARD = Prepared(adding(_CARD))
_ADD_FEEDBACK = Prepared(
    adding(_FEEDBACK, *(name for name in FeedbackRow.model_fields if name != "number"))
)
_SERVICE_OF = Prepared(select(_CARD.c.service).where(_CARD.c.uuid == bindparam("of_uuid")))


@dataclass(frozen=True, slots=True)
class StoredPredictions:
    """`cds_hooks.ports.PredictionRecord` on the store."""

    database: Database
    clock: Callable[[], datetime]

    async def keep(self, kept: Sequence[Mapping[str, Any]], cards: Sequence[IssuedCard]) -> None:
        """Store resources and cards in one durable transaction."""
        now = self.clock()

        def job(connection: Connection) -> None:
            for resource in kept:
                resources.put(connection, dict(resource), now=now)
            issued = microseconds(now)
            _ADD_CARD.run_many(
                connection,
                [
                    (str(c.uuid), c.service, c.hook_instance, c.risk_assessment_id, issued)
                    for c in cards
                ],
            )

        await self.database.write(job)


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """`cds_hooks.ports.FeedbackLog` on the store."""

    database: Database
    clock: Callable[[], datetime]

    async def keep(self, service: str, entries: Sequence[Feedback]) -> None:
        """Store all entries, or none where one names a card that `service` did not issue."""
        now = self.clock()
        await self.database.write(lambda connection: _keep(connection, service, entries, now))


def _keep(connection: Connection, service: str, entries: Sequence[Feedback], now: datetime) -> None:
    for index, entry in enumerate(entries):
        row = _SERVICE_OF.run(connection, str(entry.card)).fetchone()
        if row is None or row[0] != service:
            raise UnknownCard(index)
        reason = None if entry.reason is None else msgspec.json.encode(entry.reason).decode()
        _ADD_FEEDBACK.run(
            connection,
            str(entry.card),
            entry.outcome,
            microseconds(entry.at),
            microseconds(now),
            msgspec.json.encode(entry.accepted_suggestions).decode(),
            reason,
            entry.comment,
        )
