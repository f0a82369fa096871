"""The words of `attending hl7v2`, and which command they call."""

import argparse
from collections.abc import Callable
from typing import Any

from fhir_server.settings import Settings

_STATES = ("received", "processed", "rejected", "failed", "quarantined", "discarded")


def add_tasks(hl7v2: argparse.ArgumentParser) -> None:
    """Add the tasks of `attending hl7v2`."""
    tasks = hl7v2.add_subparsers(dest="task", required=True, metavar="TASK")
    failed = tasks.add_parser("failed", help="list rejected, failed and quarantined messages")
    _add_filter(failed)
    failed.add_argument("--most", type=int, default=500, help="list so many at most")
    failed.add_argument("--json", action="store_true", help="a JSON object on each line")
    show = tasks.add_parser("show", help="show one message, what became of it and a diagnosis")
    show.add_argument("id", help="id of the message")
    show.add_argument("--json", action="store_true", help="without content and diagnosis")
    replay = tasks.add_parser("replay", help="process stored messages again")
    replay.add_argument("id", nargs="?", help="id of one message")
    replay.add_argument("--all", action="store_true", help="every processed or refused message")
    replay.add_argument(
        "--unmapped", action="store_true", help="those whose results wait on codes mapped by now"
    )
    _add_filter(replay)
    _add_quarantine(tasks)
    load = tasks.add_parser("load", help="take the messages of files, in batches or bare")
    load.add_argument("files", nargs="+", metavar="FILE")
    load.add_argument("--sender", default="", help="registered sender of messages that name none")
    unmapped = tasks.add_parser("unmapped", help="list codes without a mapping to LOINC")
    unmapped.add_argument("--sender", default="", help="only codes of this sender")
    form = unmapped.add_mutually_exclusive_group()
    form.add_argument("--concept-map", action="store_true", help="as a ConceptMap to fill in")
    form.add_argument("--json", action="store_true", help="a JSON object on each line")
    segments = tasks.add_parser("unconverted", help="count segments that are not converted")
    segments.add_argument("--sender", default="", help="only messages of this sender")
    segments.add_argument("--since", default="", help="only what came at or after this time")
    segments.add_argument("--json", action="store_true", help="a JSON object on each line")


def _add_filter(task: argparse.ArgumentParser) -> None:
    task.add_argument(
        "--state", action="append", default=[], choices=_STATES, help="a state; repeatable"
    )
    task.add_argument("--sender", default="", help="APPLICATION|FACILITY, or one of the two")
    task.add_argument("--type", default="", help="message type, such as ORU^R01 or ADT")
    task.add_argument("--since", default="", help="only what came at or after this time")


def _add_quarantine(tasks: Any) -> None:
    quarantine = tasks.add_parser("quarantine", help="list, release or discard what is kept apart")
    acts = quarantine.add_subparsers(dest="act", metavar="ACT")
    acts.add_parser("list", help="list the messages in quarantine")
    release = acts.add_parser("release", help="process a message as it stands")
    discard = acts.add_parser("discard", help="mark a message as not to be processed; it is kept")
    for each, needs_reason in ((release, False), (discard, True)):
        each.add_argument("id", help="id of the message")
        each.add_argument("--reason", default="", required=needs_reason, help="why; it is kept")
        each.add_argument("--by", default="", help="who decides; default: the user of the system")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run a task of `attending hl7v2`."""
    # Imported here: the words of a command need not load what it does.
    from fhir_server.commands import hl7v2, hl7v2_load, hl7v2_replay, hl7v2_unmapped  # noqa: PLC0415

    tasks: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
        "failed": hl7v2.failed,
        "show": hl7v2.show,
        "replay": hl7v2_replay.replay,
        "quarantine": hl7v2_replay.quarantine,
        "load": hl7v2_load.load,
        "unmapped": hl7v2_unmapped.unmapped,
        "unconverted": hl7v2_unmapped.unconverted,
    }
    return tasks[options.task](settings, options)
