"""The FHIR addresses as a tree: from an address to what answers it in one walk along its parts.

The framework tries one route after the other, and each try costs about as much as reading a
resource does (docs/adr/0016). The tree is built from the same declarations, so that a route is
written in one place, beside its handler.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from starlette.convertors import Convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

# Where the template of the address stands in the scope, for metrics and logs.
TEMPLATE = "attending.route"
PREFIX = "/fhir"

_ANY_PART = "[^/]+"
_OTHERWISE = f"{PREFIX}/{{path}}"


@dataclass(frozen=True, slots=True)
class Found:
    """What answers an address: the handler, the values of its named parts, its template."""

    handler: Handler
    values: Mapping[str, str]
    template: str


_Match: TypeAlias = tuple[tuple[Handler, str], dict[str, str]]


@dataclass(slots=True)
class _Node:
    """What may follow at one place of an address, tried in the order of its fields."""

    handlers: dict[str, tuple[Handler, str]] = field(default_factory=dict)
    literals: dict[str, "_Node"] = field(default_factory=dict)
    forms: list["_Named"] = field(default_factory=list)
    any_part: list["_Named"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Named:
    """A part with a name and, as a regular expression, a form, and what follows it."""

    name: str
    form: re.Pattern[str]
    convert: Callable[[str], str]
    node: _Node = field(default_factory=_Node)


class RouteTree:
    """The handlers of a set of addresses, found by method and path."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._root = _Node()
        for route in routes:
            if not isinstance(route, Route):
                raise TypeError(f"{route!r} is no plain route")
            _add(self._root, route)

    def find(self, method: str, path: str) -> Found | None:
        """Return what answers `method` at `path`, None where no route does.

        At each place a literal goes before a part of a certain form (`$meta`), and that before
        any text; of two handlers at one place the one that was declared first answers.
        """
        found = _walk(self._root, path.split("/"), 1, method)
        if found is None:
            return None
        (handler, template), values = found
        return Found(handler, values, template)


class FhirRoutes:
    """ASGI middleware, the innermost: answers what lies below /fhir, passes on the rest."""

    def __init__(self, app: ASGIApp, *, routes: Iterable[BaseRoute], otherwise: Handler) -> None:
        self._app = app
        self._tree = RouteTree(routes)
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection scope."""
        if scope["type"] != "http" or not is_fhir(scope["path"]):
            await self._app(scope, receive, send)
            return
        found = self._tree.find(scope["method"], scope["path"])
        if found is None:
            found = Found(self._otherwise, {}, _OTHERWISE)
        scope["path_params"] = found.values
        scope[TEMPLATE] = found.template
        response = await found.handler(Request(scope, receive))
        await response(scope, receive, send)


def is_fhir(path: str) -> bool:
    """Return whether an address belongs to the FHIR API."""
    return path.startswith(PREFIX) and path[len(PREFIX) : len(PREFIX) + 1] in ("", "/")


def _add(node: _Node, route: Route) -> None:
    for part in route.path_format.split("/")[1:]:
        if not part.startswith("{"):
            node = node.literals.setdefault(part, _Node())
            continue
        name = part[1:-1]
        node = _named(node, name, route.param_convertors[name]).node
    for method in route.methods or ():
        node.handlers.setdefault(method, (route.endpoint, route.path_format))


def _named(node: _Node, name: str, convertor: Convertor[Any]) -> _Named:
    there = node.any_part if convertor.regex == _ANY_PART else node.forms
    for known in there:
        if (known.name, known.form.pattern) == (name, convertor.regex):
            return known
    there.append(_Named(name, re.compile(convertor.regex), convertor.convert))
    return there[-1]


def _walk(node: _Node, parts: list[str], place: int, method: str) -> _Match | None:
    if place == len(parts):
        handler = node.handlers.get(method)
        return None if handler is None else (handler, {})
    below = node.literals.get(parts[place])
    if below is not None:
        found = _walk(below, parts, place + 1, method)
        if found is not None:
            return found
    return _walk_named(node, parts, place, method)


def _walk_named(node: _Node, parts: list[str], place: int, method: str) -> _Match | None:
    part = parts[place]
    for named in (*node.forms, *node.any_part):
        if named.form.fullmatch(part):
            found = _walk(named.node, parts, place + 1, method)
            if found is not None:
                found[1][named.name] = named.convert(part)
                return found
    return None
