"""Tokens that were already used: each is accepted once in its life."""

import heapq
from dataclasses import dataclass, field
from typing import Protocol


class ReplayStoreFull(Exception):
    """More unexpired tokens of one issuer than the store keeps: no further one can be judged."""


class ReplayStore(Protocol):
    """Remembers which tokens were used. Times are seconds since the epoch."""

    def first_use(self, issuer: str, token_id: str, *, until: float, now: float) -> bool:
        """Remember (issuer, token_id) to `until`; False where it is remembered already.

        Raises ReplayStoreFull rather than forget a token that could come back.
        """


@dataclass(slots=True)
class _Used:
    ids: set[str] = field(default_factory=set)
    expiries: list[tuple[float, str]] = field(default_factory=list)


class MemoryReplayStore:
    """A ReplayStore of one process, bounded per issuer so that no issuer can shut out another.

    A restart forgets: a token can then be used once more within its five minutes.
    """

    def __init__(self, *, per_issuer: int = 100_000) -> None:
        self._per_issuer = per_issuer
        self._used: dict[str, _Used] = {}

    def first_use(self, issuer: str, token_id: str, *, until: float, now: float) -> bool:
        """See ReplayStore."""
        used = self._used.setdefault(issuer, _Used())
        while used.expiries and used.expiries[0][0] <= now:
            used.ids.discard(heapq.heappop(used.expiries)[1])
        if token_id in used.ids:
            return False
        if len(used.ids) >= self._per_issuer:
            raise ReplayStoreFull(issuer)
        used.ids.add(token_id)
        heapq.heappush(used.expiries, (until, token_id))
        return True
