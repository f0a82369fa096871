"""An R4 Subscription resource read into what it asks for; whatever is not honoured is refused.

Source: http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/StructureDefinition-backport-subscription.html
("a server SHALL reject the subscription" that it would not serve as asked).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import InvalidResource, Issue
from fhir_server.subscriptions import topics
from fhir_server.subscriptions.policy import Policy, refusal

CONTENTS = ("empty", "id-only", "full-resource")
_MEDIA_TYPES = ("application/fhir+json", "application/json")
_HEARTBEAT_LEAST = 10
_TIMEOUT_MOST, _TIMEOUT = 60, 10
_COUNT_MOST, _COUNT = 100, 20
_FILTERS_MOST = 10
_HEADERS_MOST, _HEADER_LONGEST = 20, 4096

# RFC 9110, 5.6.2 and 5.5: a token, a colon, visible characters.
_HEADER = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)"
)
# "(Resource)?{filter-name}(:modifier)?={value}"; a value may hold a question mark.
_FILTER = re.compile(r"(?:([A-Za-z]+)\?)?(.*)", re.DOTALL)
# What the message itself decides.
_NOT_A_CLIENT_S = frozenset(
    {"host", "content-type", "content-length", "transfer-encoding", "connection", "upgrade",
     "te", "trailer", "expect", "content-encoding"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """What a Subscription asks for. `filters` are search queries that must all hold.

    `heartbeat` (0: none) and `timeout` are in seconds, `ends` in microseconds since the epoch (0:
    never); `headers` may hold secrets.
    """

    type: str
    filters: tuple[str, ...]
    endpoint: str
    headers: tuple[tuple[str, str], ...]
    content: str
    media_type: str
    heartbeat: int
    timeout: int
    max_count: int
    ends: int


def read_terms(resource: JsonObject, policy: Policy) -> Terms:
    """Return what the valid R4 `resource` asks for; InvalidResource (422) naming each refusal."""
    reading = _Reading(resource, policy, [])
    terms = reading.terms()
    if reading.issues:
        raise InvalidResource(reading.issues)
    return terms


@dataclass(frozen=True, slots=True)
class _Reading:
    resource: JsonObject
    policy: Policy
    issues: list[Issue]

    def terms(self) -> Terms:
        channel: JsonObject = self.resource["channel"]
        type = self._type()
        self._check_values()
        self._check_channel(channel)
        numbers = {
            url: self._number(channel, url, least, most, default)
            for url, least, most, default in (
                (topics.HEARTBEAT, _HEARTBEAT_LEAST, 7 * 86400, 0),
                (topics.TIMEOUT, 1, _TIMEOUT_MOST, _TIMEOUT),
                (topics.MAX_COUNT, 1, None, _COUNT),
            )
        }
        end = self.resource.get("end")
        return Terms(
            type,
            tuple(self._filters(type)),
            str(channel.get("endpoint", "")),
            tuple(self._headers(channel)),
            self._content(channel),
            str(channel.get("payload", "")),
            numbers[topics.HEARTBEAT],
            numbers[topics.TIMEOUT],
            # "A server will not include more than this number": fewer keeps a message small.
            min(numbers[topics.MAX_COUNT], _COUNT_MOST),
            0 if end is None else instant_range(end, default_zone=UTC)[0],
        )

    def _refuse(self, code: str, text: str, where: str) -> None:
        self.issues.append(Issue("error", code, text, (f"Subscription.{where}",)))

    def _type(self) -> str:
        criteria: str = self.resource.get("criteria", "")
        type = topics.TOPICS.get(criteria)
        if type is not None:
            return type
        known = ", ".join(topics.TOPICS)
        text = f"criteria {criteria[:100]!r} is no topic of this server; there are: {known}."
        asked, query, _ = criteria.partition("?")
        if query or asked in topics.TYPES:
            topic = topics.topic_of(asked if asked in topics.TYPES else "Observation")
            text = (
                "Subscriptions of this server are topic-based: write the topic into criteria and "
                f'the query into an extension of it: "criteria": "{topic}", "_criteria": '
                f'{{"extension": [{{"url": "{topics.FILTER}", "valueString": '
                f'"{criteria[:100]}"}}]}}. Topics: {known}.'
            )
        self._refuse("not-supported", text, "criteria")
        return ""

    def _check_values(self) -> None:
        """Refuse an extension in place of a value: valid R4 (json.html#primitive), but unclear."""
        for name in ("status", "end"):
            if name not in self.resource and f"_{name}" in self.resource:
                self._refuse("required", f"{name} needs a value; an extension is none.", name)

    def _filters(self, type: str) -> Iterator[str]:
        given = list(_values(self.resource.get("_criteria"), topics.FILTER))
        if len(given) > _FILTERS_MOST:
            self._refuse("too-costly", f"{_FILTERS_MOST} filters at most.", "criteria.extension")
        for value in given[:_FILTERS_MOST]:
            text = value if isinstance(value, str) else ""
            match = _FILTER.fullmatch(text)
            named, query = match.groups() if match else ("", "")
            if named and named != type:
                why = f"filter {text[:100]!r} is on {named[:40]!r}; the topic is of {type}."
                self._refuse("invalid", why, "criteria.extension")
            elif not query:
                why = "an empty filter says nothing; leave it out, or name a search parameter."
                self._refuse("required", why, "criteria.extension")
            else:
                yield query

    def _check_channel(self, channel: JsonObject) -> None:
        if channel.get("type") != "rest-hook" or list(
            _values(channel.get("_type"), topics.CHANNEL_TYPE)
        ):
            text = "notifications are sent by rest-hook only; write channel.type rest-hook."
            self._refuse("not-supported", text, "channel.type")
        endpoint = channel.get("endpoint")
        if endpoint is None:
            self._refuse("required", "a rest-hook needs an endpoint.", "channel.endpoint")
        elif (why := refusal(endpoint, self.policy)) is not None:
            self._refuse(
                "forbidden", f"Nothing can be sent to this endpoint: {why}.", "channel.endpoint"
            )
        if channel.get("payload") not in _MEDIA_TYPES:
            text = f"channel.payload names the form of notifications: {' or '.join(_MEDIA_TYPES)}."
            self._refuse("not-supported", text, "channel.payload")

    def _content(self, channel: JsonObject) -> str:
        given = list(_values(channel.get("_payload"), topics.CONTENT))
        if len(given) == 1 and given[0] in CONTENTS:
            return str(given[0])
        text = (
            f"channel.payload needs one extension {topics.CONTENT} with valueCode "
            f"{', '.join(CONTENTS)}."
        )
        self._refuse("required", text, "channel.payload.extension")
        return ""

    def _number(
        self, channel: JsonObject, url: str, least: int, most: int | None, default: int
    ) -> int:
        given = list(_values(channel, url))
        if not given:
            return default
        value = given[0]
        fits = isinstance(value, int) and value >= least and (most is None or value <= most)
        if len(given) > 1 or not fits or isinstance(value, bool):
            span = f"from {least}" if most is None else f"from {least} to {most}"
            text = f"{url.rpartition('/')[2]}: write one number {span}."
            self._refuse("value", text, "channel.extension")
            return default
        return int(value)

    def _headers(self, channel: JsonObject) -> Iterator[tuple[str, str]]:
        given: Sequence[str | None] = channel.get("header", ())
        if len(given) > _HEADERS_MOST:
            self._refuse("too-costly", f"{_HEADERS_MOST} headers at most.", "channel.header")
        seen: set[str] = set()
        for index, line in enumerate(given[:_HEADERS_MOST]):
            fits = line is not None and len(line) <= _HEADER_LONGEST
            match = _HEADER.fullmatch(line or "") if fits else None
            # The line may be a secret: it is not repeated.
            if match is None:
                text = 'write a header as "Name: value", in visible ASCII characters.'
                self._refuse("value", text, f"channel.header[{index}]")
            elif match[1].lower() in _NOT_A_CLIENT_S | seen:
                text = f"{match[1]} stands twice, or is set by the message itself."
                self._refuse("not-supported", text, f"channel.header[{index}]")
            else:
                seen.add(match[1].lower())
                yield match[1], match[2]


def _values(element: Mapping[str, Any] | None, url: str) -> Iterator[Any]:
    """Yield the values of the extensions `url` of an element."""
    for extension in (element or {}).get("extension", ()):
        if extension.get("url") == url:
            yield next((extension[key] for key in extension if key.startswith("value")), None)
