"""Segments in = segments converted + segments reported, over many messages: the sum of accounts."""

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from fhir_server.store.hl7v2_log import Filter, accounts_after

_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class SegmentKind:
    """Segments of one name that were not converted, of one sender, for one reason."""

    segment: str
    sender: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class SegmentCounts:
    """The accounts of `messages` messages together; `kinds` are the reported ones, most first.

    `whole`: all messages that are meant were looked at, not only the newest.
    """

    messages: int = 0
    segments: int = 0
    converted: int = 0
    kinds: tuple[SegmentKind, ...] = ()
    whole: bool = True

    @property
    def reported(self) -> int:
        """How many segments are listed as not converted."""
        return sum(kind.count for kind in self.kinds)


def count_segments(connection: Connection, wanted: Filter, *, most: int | None) -> SegmentCounts:
    """Return the sum of the accounts of what is meant, of the newest `most` messages at most."""
    found: Counter[tuple[str, str, str]] = Counter()
    sums = SegmentCounts()
    before: int | None = None
    while most is None or sums.messages < most:
        size = _PAGE if most is None else min(_PAGE, most - sums.messages)
        rows = accounts_after(connection, wanted, before=before, most=size)
        for before, sender, text in rows:  # noqa: B007 (read after the loop)
            account = json.loads(text)
            sums = replace(
                sums,
                messages=sums.messages + 1,
                segments=sums.segments + account.get("segments", 0),
                converted=sums.converted + account.get("converted", 0),
            )
            for each in account.get("unconverted", ()):
                if "fields" not in each:
                    found[each["segment"], sender, each["reason"]] += 1
        if len(rows) < size:
            return replace(sums, kinds=_kinds(found))
    return replace(sums, kinds=_kinds(found), whole=False)


def as_json(counts: SegmentCounts) -> dict[str, Any]:
    """Return the counts as JSON."""
    return {
        "messages": counts.messages,
        "whole": counts.whole,
        "segments": counts.segments,
        "converted": counts.converted,
        "reported": counts.reported,
        "unconverted": [
            {
                "segment": kind.segment,
                "sender": kind.sender,
                "reason": kind.reason,
                "count": kind.count,
            }
            for kind in counts.kinds
        ],
    }


def _kinds(found: Counter[tuple[str, str, str]]) -> tuple[SegmentKind, ...]:
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(SegmentKind(*key, count) for key, count in ordered)
