"""`attending predict MODEL FILE`: a file of patients through one model, refused rows listed."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from fhir_server.commands.predict_patients import predict_patients
from fhir_server.commands.predict_texts import Tally, file_refusal, refused_json
from fhir_server.commands.progress import steps
from fhir_server.models_in_service import open_shelf
from fhir_server.settings import Settings
from fhir_server.text_catalogue import say
from inference.batch.errors import BatchRefused
from inference.batch.plan import make_plan
from inference.batch.result_columns import ResultColumns, Stamp, facts
from inference.batch.results import json_lines
from inference.batch.scoring import score
from inference.batch.tables import table_of
from inference.engine import GraphFailed
from inference.registry import LoadedModel, ModelRefused
from terminology import catalogue as catalogue_room

_SOFTWARE: Final = f"attending {version('attending')}"
_LINES: Final = (".ndjson", ".jsonl")
# Which options belong to which kind of file: one that is passed over would not be honoured.
_OF_TABLES: Final = ("units", "id", "nobody_has", "stamp")
_OF_LINES: Final = ("complete", "at", "impute")


def predict(settings: Settings, options: argparse.Namespace) -> int:
    """Score the file; 1 and the reason on standard error where it, or a row of it, is refused."""
    language = settings.language
    try:
        registry = open_shelf(settings).current
        model = registry.get(options.model)
        if model is None:
            known = ", ".join(each.definition.id for each in registry)
            raise BatchRefused("model-unknown", model=options.model, known=known)
        path = Path(options.file)
        if not path.is_file():
            raise BatchRefused("no-file", file=path)
        places = _places(path, model, options)
        if path.suffix.lower() in _LINES:
            _refuse_options(options, _OF_TABLES, path)
            tally = predict_patients(settings, registry, model, path, places, options)
        else:
            _refuse_options(options, _OF_LINES, path)
            tally = _predict_table(settings, model, path, places, options)
    except BatchRefused as refused:
        print(file_refusal(refused, language), file=sys.stderr)
        return 1
    except FileExistsError as exists:
        print(say(language, "predict.exists", path=exists.filename), file=sys.stderr)
        return 1
    except (ModelRefused, GraphFailed, OSError) as refused:
        print(say(language, "predict.failed", why=refused), file=sys.stderr)
        return 1
    tally.tell(places.results, places.refused)
    return 1 if tally.refused else 0


@dataclass(frozen=True, slots=True)
class _Places:
    results: Path
    refused: Path


def _places(path: Path, model: LoadedModel, options: argparse.Namespace) -> _Places:
    """Return where the results and the refusals go; neither may be there already."""
    named = f"{path.stem}.{model.definition.id}"
    results = Path(options.output) if options.output else path.with_name(f"{named}{path.suffix}")
    refused = (
        Path(options.refused) if options.refused
        else results.with_name(f"{results.stem}.refused.ndjson")
    )  # fmt: skip
    if results.suffix.lower() != path.suffix.lower():
        raise BatchRefused("output-kind", output=results, kind=path.suffix)
    for place in (results, refused):
        if place.exists():
            raise FileExistsError(17, "", str(place))
    return _Places(results, refused)


def _refuse_options(options: argparse.Namespace, names: Iterable[str], path: Path) -> None:
    for name in names:
        if getattr(options, name):
            option = f"--{name.replace('_', '-')}"
            raise BatchRefused("option", option=option, kind=path.suffix)


def _predict_table(
    settings: Settings,
    model: LoadedModel,
    path: Path,
    places: _Places,
    options: argparse.Namespace,
) -> Tally:
    table = table_of(path)
    plan = make_plan(
        model.definition,
        table.headers(path),
        catalogue=catalogue_room.load(),
        units=_units(options.units),
        nobody_has=options.nobody_has,
        id=options.id,
    )
    layout = ResultColumns(model.definition, plan.id)
    if plan.id in (set(layout.names) - {plan.id}) | {"row", *layout.numbers}:
        raise BatchRefused("id-clash", id=plan.id)
    tally = Tally(settings.language)
    tally.open(plan)
    stamp = Stamp(model.definition.id, model.definition.version, model.digest, _SOFTWARE)
    about = facts(stamp, layout, {c.header: c.unit for c in plan.inputs if c is not None})
    about["nobodyHas"] = sorted(options.nobody_has)
    if table.charset is not None:
        about["charset"] = table.charset(path)
    whole = table.size(path)
    shown = steps()
    with (
        json_lines(places.refused) as refuse,
        table.results(places.results, layout, stamp, about, stamped=options.stamp) as results,
    ):
        for chunk in table.chunks(path, plan, tell=lambda done: shown(done, whole)):
            scored = score(plan, chunk, model.engine)
            results.write(scored)
            tally.add(scored)
            for refusal in scored.refusals:
                refuse(refused_json(refusal, plan, settings.language))
    return tally


def _units(name: str | None) -> Mapping[str, str]:
    """Return the units by column; `BatchRefused` where the file is no such object."""
    if name is None:
        return {}
    try:
        found = json.loads(Path(name).read_text(encoding="utf-8"), object_pairs_hook=_once)
    except ValueError as fault:
        raise BatchRefused("units-broken", file=name, why=fault) from None
    if not isinstance(found, dict) or not all(isinstance(unit, str) for unit in found.values()):
        raise BatchRefused("units-broken", file=name, why='{"column": "unit"}')
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a column stands twice")
    return found
