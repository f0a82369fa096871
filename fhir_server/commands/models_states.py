"""`attending models state|rollback`: who decided what, when and why.

A version that is to run is verified and run on its worked examples before the act is written; a
server that runs follows within a second.
"""

import argparse
from dataclasses import replace
from datetime import UTC, datetime

from fhir_server.commands.models_view import chosen, taken_stock
from fhir_server.models_in_service import trust_of
from fhir_server.settings import Settings
from fhir_server.text_catalogue import say
from inference.registry import ModelRefused
from inference.releases import self_test, state_log
from inference.releases.manifest import GOLDEN, GRAPH
from inference.releases.opening import open_release
from inference.releases.states import RUNNING, Entry, Ledger, State, rolled_back
from inference.releases.view import Item


def state(settings: Settings, options: argparse.Namespace) -> int:
    """Give a version another state; where it becomes active, the one before is retired."""
    listed = taken_stock(settings)
    item = chosen(listed, options.id, options.version)
    wanted = State(options.state)
    if wanted in RUNNING:
        _check_sound(item, settings)

    def act(ledger: Ledger) -> Entry:
        now = {each.version: _state_now(each, ledger) for each in listed if each.id == item.id}
        others = (v for v, held in now.items() if held is State.ACTIVE and v != item.version)
        return Entry(
            at=_now(),
            by=options.by,
            why=options.why,
            act="state",
            id=item.id,
            version=item.version,
            digest=item.manifest_digest,
            was=now[item.version],
            state=wanted,
            replaces=next(others, None) if wanted is State.ACTIVE else None,
        )

    return _told(settings, state_log.add(settings.models_folder, act))


def rollback(settings: Settings, options: argparse.Namespace) -> int:
    """Bring back the version that was active before; the one of now is retired."""
    listed = taken_stock(settings)

    def act(ledger: Ledger) -> Entry:
        before = rolled_back(ledger, _blank(options))
        item = chosen(listed, options.id, before.version)
        _check_sound(item, settings)
        return replace(before, digest=item.manifest_digest)

    return _told(settings, state_log.add(settings.models_folder, act))


def _blank(options: argparse.Namespace) -> Entry:
    retired = State.RETIRED
    return Entry(_now(), options.by, options.why, "rollback", options.id, "", "", retired, retired)


def _state_now(item: Item, ledger: Ledger) -> State:
    return ledger.state(item.id, item.version, shipped=item.origin == "shipped")


def _check_sound(item: Item, settings: Settings) -> None:
    """Run the version as a server would before it is given a state in which it runs."""
    if item.refusal is not None:
        raise ModelRefused(item.refusal.en, item.refusal.zh)
    if item.path is not None:
        opened = open_release(item.path, trust_of(settings))
        self_test.tested_engine(opened.definition, opened.files[GRAPH], opened.files[GOLDEN])


def _told(settings: Settings, entry: Entry) -> int:
    language = settings.language
    told = {"id": entry.id, "version": entry.version, "was": entry.was, "state": entry.state}
    print(say(language, "models.state-changed", **told))
    if entry.replaces is not None:
        print(say(language, "models.replaced", id=entry.id, version=entry.replaces))
    return 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
