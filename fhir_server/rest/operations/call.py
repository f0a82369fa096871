"""A call of an operation: where it was called, and with which parameters.

Source: http://hl7.org/fhir/R4/operations.html#executing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from fastapi import Request, Response

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.content import read_json_body
from fhir_server.rest.large_bodies import worked_on
from fhir_server.rest.operations.session import Session
from fhir_server.rest.services import services_of

Level: TypeAlias = Literal["system", "type", "instance"]
# What says how to answer; it is no parameter of an operation.
_ANSWER = frozenset({"_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Call:
    """`type` and `id` as far as the address names them; `arguments` in the order as sent.

    An argument from the URL is text; one from a Parameters body is its value, its resource, or
    the Parameters part as it is.
    """

    request: Request
    type: str | None
    id: str | None
    arguments: tuple[tuple[str, Any], ...]
    _by_name: dict[str, list[Any]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Order the arguments by name: of a batch each part is asked for a dozen of them."""
        found: dict[str, list[Any]] = {}
        for name, value in self.arguments:
            found.setdefault(name, []).append(value)
        object.__setattr__(self, "_by_name", found)

    def one(self, name: str) -> Any:
        """Return the argument `name`, None without it; BadRequest (400) where it stands twice."""
        found = self._by_name.get(name)
        if found is None:
            return None
        if len(found) > 1:
            raise BadRequest("value", f"{name} stands {len(found)} times; send it once.")
        return found[0]

    def text(self, name: str) -> str | None:
        """Return the argument `name` as text; BadRequest (400) where it is something else."""
        value = self.one(name)
        if value is None or isinstance(value, str):
            return value
        raise BadRequest("value", f"{name} takes one primitive value.")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of a repeating argument, those joined by commas taken apart."""
        values = self._by_name.get(name)
        if values is None:
            return ()
        if not all(isinstance(value, str) for value in values):
            raise BadRequest("value", f"{name} takes primitive values.")
        return tuple(part for value in values for part in value.split(",") if part)

    def number(self, name: str, *, least: int = 1) -> int | None:
        """Return the argument `name` as a number from `least`; BadRequest (400) otherwise."""
        value = self.one(name)
        if value is None:
            return None
        text = str(value)
        if isinstance(value, bool) or not (text.isdecimal() and text.isascii() and len(text) < 9):
            raise BadRequest("value", f"{name}={text[:40]}: write a number from {least}.")
        if int(text) < least:
            raise BadRequest("value", f"{name}={text}: write a number from {least}.")
        return int(text)

    def flag(self, name: str) -> bool | None:
        """Return the argument `name` as a boolean; BadRequest (400) for anything else."""
        value = self.one(name)
        if value is None or isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        raise BadRequest("value", f"{name} is true or false, not {str(value)[:20]!r}.")

    def check_known(self, *names: str) -> None:
        """Refuse (400) an argument that the operation does not take: it would not be honoured."""
        for name in self._by_name:
            if name not in names:
                text = f"{name[:60]!r} is no parameter of this operation: {', '.join(names)}."
                raise BadRequest("not-supported", text)


# What an operation that only reads finds; what is wrong with the call itself is raised at once.
Reading: TypeAlias = Callable[[Call], Callable[[Session], JsonObject]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its name without `$`, its definition, where it is served and by what.

    `types` None is every type. `affects_state` keeps it from GET.
    One that `reads_body` itself gets no arguments. One with a `reading` may stand in a batch.
    """

    name: str
    definition: str
    levels: tuple[Level, ...]
    answer: Callable[[Call], Awaitable[Response]]
    types: tuple[str, ...] | None = None
    affects_state: bool = False
    documentation: str = ""
    reads_body: bool = False
    reading: Reading | None = None


async def read_arguments(request: Request, *, takes_resource: bool) -> tuple[tuple[str, Any], ...]:
    """Return the arguments of the URL and of the Parameters body.

    `takes_resource`: a body that is another resource is the argument `resource`
    (R4 operations.html#executing).
    """
    pairs: list[tuple[str, Any]] = [
        pair for pair in request.query_params.multi_items() if pair[0] not in _ANSWER
    ]
    if request.method != "POST":
        return tuple(pairs)
    if request.headers.get("content-length") == "0":
        return tuple(pairs)
    body = await read_json_body(request, limit=services_of(request).limits.body_bytes)

    def read() -> JsonObject:
        return decode(body, unique_keys=True)

    resource = await worked_on(len(body), read)
    if resource.get("resourceType") == "Parameters":
        return (*pairs, *arguments_of(resource))
    if takes_resource:
        return (*pairs, ("resource", resource))
    raise not_parameters()


def not_parameters() -> BadRequest:
    """Return the error for a body that is another resource."""
    return BadRequest("structure", "The body of an operation is a Parameters resource.")


def arguments_of(resource: JsonObject) -> list[tuple[str, Any]]:
    """Return the arguments in a Parameters; BadRequest (400) for a parameter without name."""
    given = resource.get("parameter", [])
    found: list[tuple[str, Any]] = []
    for index, part in enumerate(given if isinstance(given, list) else [given]):
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str):
            where = f"Parameters.parameter[{index}]"
            raise BadRequest("structure", "A parameter is an object with a name.", where)
        values = [part[key] for key in part if key == "resource" or key.startswith("value")]
        found.append((name, values[0] if len(values) == 1 else part))
    return found
