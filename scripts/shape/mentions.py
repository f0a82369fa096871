"""Whether the documentation names every setting, hook service, model and command."""

import argparse
import ast
import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel

from scripts.shape import limits
from scripts.shape.report import Row


class ListingError(Exception):
    """The product does not (yet) offer what the documentation should name; says what to add."""


def rows(root: Path = limits.ROOT) -> Iterator[Row]:
    """Yield one row each on settings, hook services, models and commands."""
    text = documentation(root)
    wanted: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("settings in the docs", settings),
        ("hook services in the docs", lambda: declared(root / "cds_hooks/services", "SERVICE")),
        ("models in the docs", lambda: declared(root / "inference/models", "MODEL")),
        ("commands in the docs", commands),
    )
    for measure, find in wanted:
        try:
            names = find()
        except ListingError as fault:
            yield Row(measure, "-", "all", (str(fault),))
            continue
        missing = unmentioned(names, text)
        yield Row(measure, f"{len(names) - len(missing)}/{len(names)}", "all", tuple(missing))


def documentation(root: Path) -> str:
    """Return README.md and every page of docs/ as one text; decision records do not count."""
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    kept = (page for page in pages if page.is_file() and "adr" not in page.parts)
    return "\n".join(page.read_text(encoding="utf-8") for page in kept)


def unmentioned(names: list[str], text: str) -> list[str]:
    """Return the names that `text` does not hold as whole words."""
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


def settings() -> list[str]:
    """Return the environment variable of every field of `fhir_server.settings.Settings`."""
    found = _attribute("fhir_server.settings", "Settings")
    config = found.model_config
    delimiter = config.get("env_nested_delimiter") or "__"
    return [name.upper() for name in _fields(found, config.get("env_prefix", ""), delimiter)]


def _fields(model: type[BaseModel], prefix: str, delimiter: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _fields(inner, f"{prefix}{name}{delimiter}", delimiter)
        else:
            yield f"{prefix}{name}"


def commands() -> list[str]:
    """Return every command of `fhir_server.cli.build_parser()`, like "attending hl7v2 failed"."""
    parser = _attribute("fhir_server.cli", "build_parser")()
    return [f"attending {command}" for command in _commands(parser)]


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                below = list(_commands(inner))
                yield from (f"{name} {each}" for each in below) if below else (name,)


def declared(folder: Path, variable: str) -> list[str]:
    """Return the `id="..."` of each `variable = Kind(id="...", ...)` in the files of `folder`.

    Read from the syntax tree, so that listing them runs nothing of the product.
    """
    ids = sorted(
        {
            found
            for path in folder.rglob("*.py")
            for found in _ids(ast.parse(path.read_text(encoding="utf-8")), variable)
        }
    )
    if not ids:
        raise ListingError(f'{folder.name}: no module says {variable} = ...(id="...")')
    return ids


def _ids(tree: ast.Module, variable: str) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(keywords=keywords)):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(keywords=keywords)):
                pass
            case _:
                continue
        for keyword in keywords if name == variable else ():
            if keyword.arg == "id" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)


def _attribute(module: str, name: str):  # type: ignore[no-untyped-def]  # found by name only
    try:
        return getattr(importlib.import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as fault:
        raise ListingError(f"{module}.{name} is needed to list them: {fault}") from fault
