"""`attending models list|show|verify`: what is on the shelf, and whether it is sound."""

import argparse
import sys
from collections.abc import Callable

from fhir_server.models_in_service import open_shelf, trust_of
from fhir_server.settings import Settings
from fhir_server.text_catalogue import say
from inference import folders
from inference.contract import Language, ModelDefinition
from inference.registry import ModelRefused, ModelRegistry
from inference.releases import checking, state_log
from inference.releases.stock import Stock, paths
from inference.releases.stocktaking import items
from inference.releases.view import Item


def answered(settings: Settings, work: Callable[[], int]) -> int:
    """Return what `work` returns; 1 with the reason where something was refused."""
    try:
        return work()
    except (ModelRefused, OSError) as refused:
        said = refused.said.said_in(settings.language) if isinstance(refused, ModelRefused) else ""
        print(say(settings.language, "models.refused", why=said or refused), file=sys.stderr)
        return 1


def taken_stock(settings: Settings) -> tuple[Item, ...]:
    """Return every version that is here with its state; nothing is run but what ships."""
    shipped = {(m.definition.id, m.definition.version): m for m in ModelRegistry.discover()}
    found = Stock(settings.models_folder, trust_of(settings)).look()
    return items(shipped, found, state_log.read(settings.models_folder))


def list_models(settings: Settings, _options: argparse.Namespace) -> int:
    """Print a line for every version, and why what is refused is; 1 where anything is."""
    language = settings.language
    try:
        view = open_shelf(settings).view
        listed, problems = view.items, view.problems
    except ModelRefused as refused:
        # A server would not start; what is here is told all the same.
        listed, problems = taken_stock(settings), (refused.said,)
    print(say(language, "models.columns"))
    for item in listed:
        print("\t".join(_cells(item, language)))
    for problem in problems:
        print(say(language, "models.problem", why=problem.said_in(language)), file=sys.stderr)
    return 1 if problems or any(item.refusal for item in listed) else 0


def _cells(item: Item, language: Language) -> tuple[str, ...]:
    signer = item.signer.key if item.signer is not None and item.signer.trusted else "-"
    last = f"{item.entry.at} {item.entry.by}: {item.entry.why}" if item.entry else "-"
    sound = say(language, "models.sound")
    return (
        item.id or item.name,
        item.version or "-",
        str(item.state or "-"),
        say(language, f"models.{item.origin}"),
        item.digest[:12] or "-",
        signer,
        last,
        sound if item.refusal is None else item.refusal.said_in(language),
    )


def _voice(model: ModelDefinition, language: Language) -> str:
    """Return whether a model answers unasked, where, and why."""
    if model.speaks is None:
        why = "" if model.on_request is None else model.on_request.said_in(language)
        return say(language, "models.on-request", why=why)
    where = ", ".join(model.speaks.regions) or say(language, "models.everywhere")
    return say(language, "models.unasked", where=where, why=model.speaks.why.said_in(language))


def show(settings: Settings, options: argparse.Namespace) -> int:
    """Print one version: what it is, where it stands, and every act on it."""
    language = settings.language
    item = chosen(taken_stock(settings), options.id, options.version)
    model = item.definition
    if model is None:
        raise _refusal(item)
    facts = {
        "state": str(item.state),
        "population": model.population.said_in(language),
        "question": model.question.name.said_in(language),
        "voice": _voice(model, language),
        "inputs": ", ".join(f"{s.label.said_in(language)} [{s.unit}]" for s in model.inputs),
        "outcomes": ", ".join(o.name.said_in(language) for o in model.outcomes),
        "citation": f"{model.citation} {model.citation_url}",
        "provenance": model.coefficient_provenance,
        "licence": model.licence,
        "graph": f"sha256:{item.digest}",
        "manifest": f"sha256:{item.manifest_digest}",
        "signer": item.signer.key if item.signer else "-",
    }
    print(f"{model.id} {model.version}  {model.name.said_in(language)}")
    for name, value in facts.items():
        print(f"  {say(language, f'models.fact.{name}')}: {value}")
    for limit in model.limits:
        print(f"  {say(language, 'models.fact.limit')}: {limit.said_in(language)}")
    for entry in state_log.history(settings.models_folder):
        if entry.id == model.id and model.version in (entry.version, entry.replaces):
            moved = f"{entry.version}: {entry.was} -> {entry.state}"
            print(f"  {entry.at}  {moved}  {entry.by}: {entry.why}")
    return 0


def chosen(listed: tuple[Item, ...], id: str, version: str | None) -> Item:
    """Return the version that is meant, without one the active or else the first."""
    found = [item for item in listed if item.id == id and version in (None, item.version)]
    active = [item for item in found if item.state == "active"]
    if not found:
        named = " ".join(filter(None, (id, version)))
        raise ModelRefused(
            f"{named}: is not here; `attending models list` shows what is",
            f"{named}：不存在；可用 `attending models list` 查看",
        )
    return (active or found)[0]


def verify(settings: Settings, options: argparse.Namespace) -> int:
    """Print a row for every check of every model, or of one; 1 where any fails."""
    language, trust = settings.language, trust_of(settings)
    rows = list(checking.shipped(folders.names(), settings.models_folder, trust))
    for path in paths(settings.models_folder):
        rows += checking.release(path, trust)
    rows += checking.states(lambda: taken_stock(settings), settings.models_folder)
    wanted = [r for r in rows if options.id is None or r.name.startswith(f"{options.id}-")]
    for row in wanted:
        verdict = {True: "ok", False: "failed", None: "skipped"}[row.passed]
        cells = (row.name, row.check, say(language, f"models.check.{verdict}"))
        print("\t".join((*cells, row.said.said_in(language))))
    if not wanted:
        chosen((), options.id, None)
    return 1 if any(row.passed is False for row in wanted) else 0


def _refusal(item: Item) -> ModelRefused:
    why = item.refusal
    return ModelRefused(why.en, why.zh) if why else ModelRefused(item.name)
