"""`attending terms map suggest|accept`: local codes to LOINC, by rules and by people."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fhir_server.commands.progress import steps
from fhir_server.commands.storage import utc_now
from fhir_server.commands.terms_map_texts import (
    headers,
    measured,
    refusal,
    write_candidates,
    write_review,
)
from fhir_server.settings import Settings
from fhir_server.text_catalogue import say
from terminology.local_mapping import pools
from terminology.local_mapping.candidates import Candidate, merged
from terminology.local_mapping.concept_map import Acceptance, concept_map
from terminology.local_mapping.dictionary import (
    Dictionary,
    DictionaryRefused,
    decoded,
    read_dictionary,
)
from terminology.local_mapping.items import LocalItem
from terminology.local_mapping.measured import load_measurement
from terminology.local_mapping.pools import PoolRefused
from terminology.local_mapping.ranking import Ranker, fingerprint, load_weights
from terminology.local_mapping.review import Decision, ReviewRefused, read_decisions
from terminology.local_mapping.suggest import Suggested, suggest


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Run a step; 1 and its reason on standard error where it is refused."""
    language = settings.language
    try:
        return (_suggest if options.step == "suggest" else _accept)(settings, options)
    except (DictionaryRefused, ReviewRefused) as refused:
        print(refusal(refused, options.file, language), file=sys.stderr)
    except FileExistsError as exists:
        print(say(language, "map.exists", path=exists.filename), file=sys.stderr)
    except (PoolRefused, OSError) as refused:
        print(say(language, "map.unreadable", why=refused), file=sys.stderr)
    return 1


def _suggest(settings: Settings, options: argparse.Namespace) -> int:
    language, folder = settings.language, Path(options.output)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(17, "", str(folder))
    dictionary = read_dictionary(Path(options.file).read_bytes(), charset=options.charset)
    items = _with_system(dictionary, options.system)
    pool = merged([*(pools.read_pool(Path(path)) for path in options.pool), pools.shipped()])
    print(say(language, "map.read", items=len(items), charset=dictionary.charset, pool=len(pool)))
    if dictionary.unused:
        print(say(language, "map.unused", columns=", ".join(dictionary.unused)))
    measurement = load_measurement()
    print(measured(measurement, language))
    found = _suggested(items, pool, rules=measurement.allows())
    folder.mkdir(parents=True, exist_ok=True)
    _write_all(settings, folder, found)
    return 0


def _with_system(dictionary: Dictionary, system: str) -> list[LocalItem]:
    """Return the items, each with the code system that its results will name."""
    items = [each if each.system else replace(each, system=system) for each in dictionary.items]
    missing = next((each for each in items if not each.system.strip()), None)
    if missing is not None:
        raise DictionaryRefused("system-missing", code=missing.code)
    return items


def _suggested(
    items: Sequence[LocalItem], pool: Sequence[Candidate], *, rules: bool
) -> list[Suggested]:
    ranker = Ranker(pool, weights=load_weights().weights)
    shown, found = steps(), []
    for number, item in enumerate(items, start=1):
        found.append(suggest(item, ranker, rules=rules))
        shown(number, len(items))
    return found


def _write_all(settings: Settings, folder: Path, found: Sequence[Suggested]) -> None:
    language = settings.language
    left = [each for each in found if each.accepted is None]
    taken = _by_rules(settings, found, now=utc_now())
    write_candidates(folder / "candidates.csv", found, language)
    write_review(folder / "review.csv", left, language)
    if taken:
        who, when = taken[0].by, taken[0].at
        _write_json(folder / "accepted.json", concept_map(taken, by=who, at=when))
    print(say(language, "map.suggested", accepted=len(taken), left=len(left), folder=folder))
    if taken:
        print(say(language, "map.use", path=folder / "accepted.json"))


def _by_rules(settings: Settings, found: Sequence[Suggested], *, now: datetime) -> list[Acceptance]:
    measurement, language = load_measurement(), settings.language
    by = f"attending terms map, rules {measurement.rules}, weights {fingerprint(load_weights())}"
    at = _instant(now, settings)
    comment = say(
        language,
        "map.comment-rule",
        at=at,
        rules=measurement.rules,
        accepted=measurement.accepted,
        wrong=measurement.wrong,
    )
    return [
        Acceptance(
            each.item.system,
            each.item.code,
            each.item.names[0],
            each.accepted.code,
            each.accepted.display(),
            by=by,
            at=at,
            how="rule",
            comment=comment,
        )
        for each in found
        if each.accepted is not None
    ]


def _accept(settings: Settings, options: argparse.Namespace) -> int:
    language, review = settings.language, Path(options.file)
    who = options.by.strip()
    if not who:
        print(say(language, "map.who-missing"), file=sys.stderr)
        return 2
    text, _ = decoded(review.read_bytes())
    decisions = read_decisions(text, headers=headers())
    if not decisions:
        print(say(language, "map.none-confirmed", file=review), file=sys.stderr)
        return 1
    at = _instant(utc_now(), settings)
    comment = say(language, "map.comment-person", by=who, at=at)
    taken = [_acceptance(each, by=who, at=at, comment=comment) for each in decisions]
    target = Path(options.output) if options.output else review.with_name("reviewed.json")
    _write_json(target, concept_map(taken, by=who, at=at))
    for each in decisions:
        if not each.suggested:
            print(say(language, "map.not-suggested", code=each.code, loinc=each.loinc))
    print(say(language, "map.accepted", count=len(taken), by=who, path=target))
    print(say(language, "map.use", path=target))
    return 0


def _acceptance(decision: Decision, *, by: str, at: str, comment: str) -> Acceptance:
    return Acceptance(
        decision.system,
        decision.code,
        decision.name,
        decision.loinc,
        decision.display,
        by=by,
        at=at,
        how="person",
        comment=comment,
    )


def _write_json(path: Path, resource: dict[str, Any]) -> None:
    with path.open("x", encoding="utf-8") as file:
        json.dump(resource, file, ensure_ascii=False, indent=2)
        file.write("\n")


def _instant(now: datetime, settings: Settings) -> str:
    return now.astimezone(settings.zone).isoformat(timespec="seconds")
