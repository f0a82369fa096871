"""`attending hl7v2 failed|show`: messages of which nothing was stored, and one in full."""

import argparse
import json

from fhir_server.commands.hl7v2_texts import (
    answered,
    default_states,
    local_time,
    one_line,
    problem_line,
    show_list,
    wanted,
)
from fhir_server.commands.storage import reading
from fhir_server.hl7v2.diagnosis import diagnose
from fhir_server.hl7v2.message_view import (
    Made,
    SegmentFate,
    acknowledgment_code,
    fates,
    made,
    text_of,
    whole_json,
)
from fhir_server.hl7v2.refusals import Refused
from fhir_server.settings import Settings
from fhir_server.store import hl7v2_log as log
from fhir_server.store.hl7v2_log import LoggedMessage
from fhir_server.text_catalogue import say


def failed(settings: Settings, options: argparse.Namespace) -> int:
    """Print the messages of which nothing was stored, the newest first, or those asked for."""

    def work() -> int:
        asked = wanted(
            settings=settings,
            states=default_states(options.state),
            sender=options.sender,
            type=options.type,
            since=options.since,
        )
        with reading(settings) as database:
            found = database.read_now(lambda c: log.page(c, asked, before=None, most=options.most))
        show_list(settings, [message for _, message in found], as_json=options.json)
        return 0

    return answered(settings, work)


def show(settings: Settings, options: argparse.Namespace) -> int:
    """Print one message, where each segment went, what was made, and hl7apy's diagnosis.

    It holds patient data; as JSON it holds everything but the content.
    """

    id = options.id

    def work() -> int:
        with reading(settings) as database:
            message = database.read_now(lambda c: log.logged(c, id))
            if message is None:
                raise Refused(404, "not-found", "hl7v2.not-found", id=id)
            resources = database.read_now(lambda c: made(c, id))
        if options.json:
            document = whole_json(message, resources)
            print(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            _show_in_words(settings, message, resources)
        return 0

    return answered(settings, work)


def _show_in_words(settings: Settings, message: LoggedMessage, resources: list[Made]) -> None:
    language, listed = settings.language, message.listed
    print(
        say(
            language,
            "hl7v2.show",
            id=listed.id,
            state=listed.state,
            received=local_time(listed.received, settings),
            peer=listed.peer,
            channel=listed.channel,
            acknowledgment=acknowledgment_code(message) or "-",
        )
    )
    for line in text_of(message).splitlines():
        print("  " + one_line(line))
    for key, problems in (("errors", listed.errors), ("warnings", message.warnings)):
        if problems:
            print(say(language, f"hl7v2.{key}"))
            print("\n".join(f"  {problem_line(each)}" for each in problems))
    print(say(language, "hl7v2.segments"))
    print("\n".join(f"  {_fate_line(settings, each)}" for each in fates(message)))
    print(say(language, "hl7v2.made", count=len(resources)))
    for each in resources:
        print("  " + "  ".join((each.reference, *each.sources)))
    for reference in message.superseded:
        print("  " + say(language, "hl7v2.superseded", reference=reference))
    for decision in message.decisions:
        print(say(language, "hl7v2.decision", **{"reason": "", **decision}))
    print(say(language, "hl7v2.diagnosis"))
    for finding in diagnose(message.body) or [say(language, "hl7v2.no-finding")]:
        print(f"  {one_line(finding)}")


def _fate_line(settings: Settings, fate: SegmentFate) -> str:
    told = "hl7v2.converted" if fate.converted else "hl7v2.unconverted"
    parts = [
        f"{fate.name or '???'}^{fate.sequence}",
        f"[{fate.span[0]}-{fate.span[1]}]",
        say(settings.language, told),
        fate.reason,
        ", ".join([*map(str, fate.fields), *fate.components]),
    ]
    return "\t".join(part for part in parts if part)
