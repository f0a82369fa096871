"""Metrics of the intake: messages by outcome, segments by what became of them, what waits.

Prometheus' own instruments, as the requests have them (docs/adr/0016). Labels are bounded: names
that a sender may choose freely count as one beyond the first hundred, segments that the standard
does not name as `Z` or `other`.
"""

import time
from collections import Counter as Tally
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fhir_server.hl7v2.mapping.accounting import READ_SEGMENTS
from fhir_server.hl7v2.mapping.structures import STRUCTURES
from fhir_server.hl7v2.problems import Acknowledgment
from fhir_server.hl7v2.working import Answer
from fhir_server.store.hl7v2_log import Held
from fhir_server.store.hl7v2_messages import KnownMessage, Outcome

OTHER: Final = "other"
_MOST_SENDERS: Final = 100
_LONGEST_NAME: Final = 80
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0)
# A store that has taken nothing for so long after it refused one is said to refuse.
_REFUSING_SECONDS: Final = 60.0


class MessageMetrics:
    """What is counted of messages; none of it is a patient's data."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._refused_at: float | None = None
        self._senders: set[str] = set()
        answered = Counter(
            "attending_hl7v2_messages",
            "HL7v2 messages by acknowledgment",
            ("acknowledgment",),
            registry=registry,
        )
        # Looked up once: each message is answered, and waits for that.
        self._answered = {code: answered.labels(code) for code in get_args(Acknowledgment)}
        self._messages = Counter(
            "attending_hl7v2_outcomes",
            "HL7v2 messages by type and what became of them",
            ("type", "state"),
            registry=registry,
        )
        self._segments = Counter(
            "attending_hl7v2_segments",
            "Segments of HL7v2 messages, converted or reported as not converted",
            ("segment", "account"),
            registry=registry,
        )
        self._repeated = Counter(
            "attending_hl7v2_repeated", "HL7v2 messages that had come before", registry=registry
        )
        self._replayed = Counter(
            "attending_hl7v2_replayed",
            "Stored HL7v2 messages that were processed again",
            ("state",),
            registry=registry,
        )
        self._lag = Histogram(
            "attending_hl7v2_seconds",
            "Time from receipt of an HL7v2 message to its outcome, by sender",
            ("sender",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._last = Gauge(
            "attending_hl7v2_last_message_timestamp_seconds",
            "When the last HL7v2 message of a sender came",
            ("sender",),
            registry=registry,
        )
        self._held = Gauge(
            "attending_hl7v2_messages_held",
            "HL7v2 messages that wait or were not taken into the record, by state",
            ("state",),
            registry=registry,
        )
        self._oldest = Gauge(
            "attending_hl7v2_oldest_waiting_seconds",
            "How long the oldest HL7v2 message without outcome waits",
            registry=registry,
        )
        self._unmapped = Gauge(
            "attending_hl7v2_unmapped",
            "Local codes without a mapping, and the results that wait for one",
            ("what",),
            registry=registry,
        )

    def answered(self, answer: Answer) -> None:
        """Count an acknowledgment; one that asks for a repetition tells that the store refuses."""
        self._answered[answer.code].inc()
        if not answer.may_be_repeated:
            self._refused_at = None
        elif self._refused_at is None:
            self._refused_at = self._clock()

    def repeated(self) -> None:
        """Count a message that was sent again."""
        self._repeated.inc()

    def quarantined(self, type: str) -> None:
        """Count a message, or bytes that are none, that a person has to judge.

        Its segments are counted when it is released.
        """
        self._messages.labels(_kind(type), "quarantined").inc()

    def finished(self, known: KnownMessage, type: str, outcome: Outcome) -> None:
        """Count an outcome; one of a message that had its outcome before is a replay."""
        if known.state in ("processed", "rejected"):
            self._replayed.labels(outcome.state).inc()
            return
        sender = self._sender(known.sender)
        self._messages.labels(_kind(type), outcome.state).inc()
        self._lag.labels(sender).observe(max(0, outcome.finished - known.received) / 1_000_000)
        self._last.labels(sender).set(known.received / 1_000_000)
        for (segment, account), count in _by_name(outcome.account or {}).items():
            self._segments.labels(segment, account).inc(count)

    def held(self, store: Held, unmapped: tuple[int, int], now: float) -> None:
        """Set what the store holds; `now` in seconds since the epoch."""
        for state, count in store.states.items():
            self._held.labels(state).set(count)
        self._oldest.set(0 if store.oldest is None else max(0, now - store.oldest / 1_000_000))
        for what, count in zip(("codes", "results"), unmapped, strict=True):
            self._unmapped.labels(what).set(count)

    @property
    def store_refuses(self) -> bool:
        """Whether the last message that came could not be stored, not long ago."""
        at = self._refused_at
        return at is not None and self._clock() - at < _REFUSING_SECONDS

    def _sender(self, name: str) -> str:
        short = name[:_LONGEST_NAME]
        if short in self._senders:
            return short
        if len(self._senders) >= _MOST_SENDERS:
            return OTHER
        self._senders.add(short)
        return short


def _by_name(account: Mapping[str, Any]) -> Mapping[tuple[str, str], int]:
    """Return how many segments of each name were converted, and how many reported."""
    found: Tally[tuple[str, str]] = Tally()
    whole: Tally[str] = Tally(
        each["segment"] for each in account.get("unconverted", ()) if "fields" not in each
    )
    for name, count in account.get("names", {}).items():
        label = _segment(name)
        reported = whole[name]
        if reported:
            found[label, "reported"] += reported
        if count > reported:
            found[label, "converted"] += count - reported
    return found


def _kind(type: str) -> str:
    return type if type in STRUCTURES else OTHER


def _segment(name: str) -> str:
    if name in READ_SEGMENTS:
        return name
    return "Z" if name.startswith("Z") else OTHER
