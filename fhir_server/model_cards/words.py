"""The words of model cards in one language; the catalogues are read when the first card is made."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from inference.contract import Language, Text


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return the catalogue of one language."""
    path = resources.files("fhir_server.model_cards") / "text" / f"{language}.json"
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


class Words:
    """Says what a card has to say in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts = catalogue(language)

    def say(self, key: str, **values: object) -> str:
        """Return the text of `key` with its values put in; KeyError where there is no such text."""
        return self._texts[key].format_map(values)

    def text(self, text: Text) -> str:
        """Return a model's own text."""
        return text.said_in(self.language)

    def listed(self, items: list[str]) -> str:
        """Return several things as one enumeration."""
        return self.say("list").join(items)
