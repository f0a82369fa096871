"""`attending models export|install|remove`: releases go from one place to another."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from fhir_server.commands.models_view import chosen, taken_stock
from fhir_server.models_in_service import trust_of
from fhir_server.settings import Settings
from fhir_server.text_catalogue import say
from inference import folders
from inference.registry import ModelRefused, ModelRegistry, shipped_files
from inference.releases import handling, package
from inference.releases.view import Item


def export(settings: Settings, options: argparse.Namespace) -> int:
    """Write a version as a release, signed where a key is named."""
    item = chosen(taken_stock(settings), options.id, options.version)
    target = Path(options.to)
    files = _files(item)
    if options.sign:
        files = handling.signed(files, Path(options.sign), where=item.name)
    package.write(target, files)
    print(say(settings.language, "models.exported", name=item.name, file=target))
    return 0


def _files(item: Item) -> dict[str, bytes]:
    if item.path is not None:
        return package.read(item.path)
    for name in folders.names():
        definition = folders.definition(name)
        if (definition.id, definition.version) == (item.id, item.version):
            created = datetime.now(UTC).isoformat(timespec="seconds")
            files = shipped_files(definition, folders.path(name))
            return handling.make(definition, files, created=created)
    raise ModelRefused(f"{item.name}: is not here", f"{item.name}：不存在")


def install(settings: Settings, options: argparse.Namespace) -> int:
    """Verify and test a release and put it on the shelf, as a draft."""
    shipped = {
        (m.definition.id, m.definition.version): m.manifest_digest for m in ModelRegistry.discover()
    }
    folder = settings.models_folder
    opened = handling.install(Path(options.file), folder, trust_of(settings), shipped)
    found = opened.manifest
    print(say(settings.language, "models.installed-as", id=found.id, version=found.version))
    return 0


def remove(settings: Settings, options: argparse.Namespace) -> int:
    """Take a release that does not run off the shelf."""
    path = handling.remove(settings.models_folder, options.id, options.version)
    print(say(settings.language, "models.removed", file=path))
    return 0
