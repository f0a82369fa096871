"""How the commands about HL7v2 messages write times, lines and JSON."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fhir_server.commands.storage import StoreAbsent
from fhir_server.hl7v2.message_view import listed_json
from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.senders import SenderFileError
from fhir_server.r4.outcome import FhirError
from fhir_server.r4.profile_packages import ProfilesRefused
from fhir_server.settings import Settings
from fhir_server.store.engines import DatabaseRefused
from fhir_server.store.hl7v2_log import Filter
from fhir_server.store.hl7v2_messages import STATES, UNSUCCESSFUL, ListedMessage, State
from fhir_server.store.resources import microseconds, moment
from fhir_server.text_catalogue import say
from terminology.local_codes import LocalCodesError

_FILES = (SenderFileError, LocalCodesError, ProfilesRefused)


def answered(settings: Settings, work: Callable[[], int]) -> int:
    """Run a command; 1 and its reason on standard error where it is refused."""
    try:
        return work()
    except Refused as refused:
        print(refused.said(settings.language), file=sys.stderr)
    except (StoreAbsent, DatabaseRefused, FhirError, OSError, *_FILES) as refused:
        print(refused, file=sys.stderr)
    return 1


def wanted(
    *,
    settings: Settings,
    states: Sequence[str] = (),
    sender: str = "",
    type: str = "",
    since: str = "",
) -> Filter:
    """Return the filter of a command's options; Refused where one cannot be read."""
    found: list[State] = []
    for state in states:
        if state not in STATES:
            raise Refused(
                400, "value", "hl7v2.state-refused", state=state[:40], states=", ".join(STATES)
            )
        found.append(state)
    return Filter(tuple(found), sender=sender, type=type, since=instant(since, settings))


def instant(text: str, settings: Settings) -> int | None:
    """Return a date or an instant as microseconds since the epoch; one without offset is local."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            400, "value", "hl7v2.since-refused", name="--since", since=text[:40]
        ) from None
    return microseconds(at if at.tzinfo is not None else at.replace(tzinfo=settings.zone))


def default_states(states: Sequence[str]) -> Sequence[str]:
    """Return the states that were asked for, or those of messages of which nothing was stored."""
    return states or UNSUCCESSFUL


def local_time(at: int, settings: Settings) -> str:
    """Return a time in the hospital's zone, to the second."""
    return moment(at).astimezone(settings.zone).isoformat(timespec="seconds")


def show_list(settings: Settings, messages: Sequence[ListedMessage], *, as_json: bool) -> None:
    """Print messages, one line each, or one JSON object each; without patient content."""
    if as_json:
        for message in messages:
            print(json.dumps(listed_json(message), ensure_ascii=False))
        return
    if not messages:
        print(say(settings.language, "hl7v2.none"))
        return
    print(say(settings.language, "hl7v2.columns"))
    for message in messages:
        print("\t".join(_cells(message, settings)))


def one_line(text: str) -> str:
    """Return a text without what a sender may put into it to break a line or a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def problem_line(problem: dict[str, Any]) -> str:
    """Return an error or a warning as one line: place, code, text."""
    place = problem.get("location")
    text = f"{problem.get('code')} {problem.get('text')}"
    return f"{place}: {text}" if place else text


def _cells(message: ListedMessage, settings: Settings) -> list[str]:
    cells = [
        local_time(message.received, settings),
        message.id,
        message.sender,
        message.control_id,
        message.type,
        message.state,
        "; ".join(problem_line(error) for error in message.errors),
    ]
    return [one_line(cell) for cell in cells]
