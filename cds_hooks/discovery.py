"""Discovery of service modules: one file of `cds_hooks/services` is one service."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from cds_hooks import prefetch, services
from cds_hooks.service import HookService
from inference.contract import Language
from terminology.catalogue import Catalogue


class ServicesRefused(RuntimeError):
    """The service modules contradict each other; the server must not start."""


def discover() -> Mapping[str, HookService]:
    """Return every `SERVICE` of `cds_hooks/services` by id."""
    found = []
    for module in sorted(pkgutil.iter_modules(services.__path__), key=lambda m: m.name):
        loaded = importlib.import_module(f"{services.__name__}.{module.name}")
        found.append(loaded.SERVICE)
    return by_id(found)


def by_id(found: Iterable[HookService]) -> Mapping[str, HookService]:
    """Return services by id; `ServicesRefused` where two share one."""
    table: dict[str, HookService] = {}
    for service in found:
        if service.id in table:
            raise ServicesRefused(f"two services declare the id {service.id!r}")
        table[service.id] = service
    return MappingProxyType(table)


def document(
    table: Mapping[str, HookService], *, catalogue: Catalogue, language: Language
) -> dict[str, Any]:
    """Return the discovery document."""
    return {
        "services": [
            service.discovery(
                prefetch=prefetch.templates(catalogue, analytes=service.analytes),
                language=language,
            )
            for service in table.values()
        ]
    }
