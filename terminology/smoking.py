"""Answers to the tobacco smoking status (LOINC 72166-2)."""

from collections.abc import Iterable
from typing import Literal

from terminology.codings import Coding

SmokingStatus = Literal["current", "not-current", "unknown", "unconfirmed"]


def smoking_status(codings: Iterable[Coding], text: str | None) -> SmokingStatus:
    """What an answer says: unknown is an answer, unconfirmed means that no code could be read."""
    raise NotImplementedError
