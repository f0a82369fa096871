"""What the command line says, in both languages."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from inference.contract import Language


@cache
def _catalogue(language: Language) -> Mapping[str, str]:
    path = resources.files("fhir_server") / "text" / f"{language}.json"
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def say(language: Language, key: str, **values: object) -> str:
    """Return the text of `key` with its values put in; KeyError where there is no such text."""
    return _catalogue(language)[key].format_map(values)
