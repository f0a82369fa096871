"""`attending hl7v2 replay|quarantine`: stored messages processed again, and those kept apart."""

import argparse
import asyncio
import getpass
import sys

from fhir_server.commands.hl7v2_intake import Workplace, workplace
from fhir_server.commands.hl7v2_texts import answered, show_list, wanted
from fhir_server.commands.progress import steps
from fhir_server.commands.storage import reading, utc_now
from fhir_server.hl7v2.operations import Judge, Operations
from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.replay import Replay, Tally
from fhir_server.hl7v2.working import Answer
from fhir_server.settings import Settings
from fhir_server.store import hl7v2_log as log
from fhir_server.store.hl7v2_log import Filter
from fhir_server.text_catalogue import say

_LISTED = 500


def replay(settings: Settings, options: argparse.Namespace) -> int:
    """Process messages again; 1 where one was refused or failed."""

    def work() -> int:
        asked = wanted(
            settings=settings,
            states=options.state,
            sender=options.sender,
            type=options.type,
            since=options.since,
        )
        ways = [bool(options.id), options.unmapped, options.all or asked != Filter()]
        if sum(ways) != 1:
            raise Refused(400, "required", "hl7v2.replay-what")
        with workplace(settings) as place:
            if options.id:
                answer = asyncio.run(_desk(place).replay(options.id))
                return _tell_answer(settings, answer)
            tally = asyncio.run(_many(place, asked, unmapped=options.unmapped))
        print(
            say(
                settings.language,
                "hl7v2.replayed",
                processed=tally.processed,
                unchanged=tally.unchanged,
                versions=tally.versions,
                refused=tally.refused,
                failed=tally.failed,
            )
        )
        return 1 if tally.refused or tally.failed else 0

    return answered(settings, work)


def quarantine(settings: Settings, options: argparse.Namespace) -> int:
    """List what is in quarantine, release a message, or discard it."""
    act = options.act or "list"
    return answered(
        settings, lambda: _list(settings) if act == "list" else _judge(settings, options)
    )


def _list(settings: Settings) -> int:
    asked = Filter(("quarantined",))
    with reading(settings) as database:
        found = database.read_now(lambda c: log.page(c, asked, before=None, most=_LISTED))
    show_list(settings, [message for _, message in found], as_json=False)
    return 0


def _judge(settings: Settings, options: argparse.Namespace) -> int:
    judge = Judge(options.by or getpass.getuser())
    with workplace(settings) as place:
        if options.act == "discard":
            asyncio.run(_desk(place).discard(options.id, judge, options.reason))
            print(say(settings.language, "hl7v2.discarded", id=options.id))
            return 0
        answer = asyncio.run(_desk(place).release(options.id, judge, options.reason))
    return _tell_answer(settings, answer)


async def _many(place: Workplace, asked: Filter, *, unmapped: bool) -> Tally:
    shown = steps()
    work = Replay(place.database, place.intake, tell=lambda tally: shown(tally.done, tally.total))
    if unmapped:
        return await work.newly_mapped(place.reception.translators)
    return await work.matching(asked)


def _tell_answer(settings: Settings, answer: Answer) -> int:
    print(
        say(
            settings.language,
            "hl7v2.answered",
            id=answer.message_id,
            code=answer.code,
            versions=answer.versions,
        )
    )
    if answer.code in ("AA", "CA"):
        return 0
    print(say(settings.language, "hl7v2.see-show", id=answer.message_id), file=sys.stderr)
    return 1


def _desk(place: Workplace) -> Operations:
    return Operations(place.database, place.intake, utc_now)
