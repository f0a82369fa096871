"""The FHIRPath invariants of profiles, evaluated by fhirpathpy, which is loaded at first need."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.profile_items import Item


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """Why an expression gave no answer."""

    reason: str


@cache
def _compiled(expression: str) -> Callable[[Any, Any], list[Any]]:
    # Kept here: parser and grammar cost 0.2 s and 20 MB, which a server without profiles saves.
    from fhirpathpy import compile as compile_path  # noqa: PLC0415
    from fhirpathpy.models import models  # noqa: PLC0415

    compiled: Callable[[Any, Any], list[Any]] = compile_path(expression, models["r4"])
    return compiled


@cache
def _node_class() -> Callable[[Any, str], Any]:
    from fhirpathpy.engine.nodes import ResourceNode  # noqa: PLC0415

    typed: Callable[[Any, str], Any] = ResourceNode
    return typed


def _typed(value: Any, element: str) -> Any:
    return _node_class()(value, element)


def holds(
    expression: str, item: Item, element: str, resource: JsonObject, root: JsonObject
) -> bool | NotEvaluated:
    """Return whether `expression` holds on `item`, an element of the type or path `element`.

    `resource` and `root` answer %resource and %rootResource. NotEvaluated where the library has
    no function that the expression calls (memberOf, conformsTo) or fails in one.
    """
    variables = {"resource": resource, "rootResource": root, "context": item.value}
    try:
        found = _compiled(expression)(_typed(item.value, element), variables)
    except Exception as error:  # noqa: BLE001 - the library raises plain Exception
        return NotEvaluated(str(error)[:120])
    # FHIRPath, "Singleton evaluation": an empty result is no breach only where it is not false.
    return bool(found) and found[0] is not False
