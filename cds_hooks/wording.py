"""The text catalogue: every sentence that a physician reads, in both languages."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources

from inference.contract import Language, ModelDefinition, Text
from inference.reasons import Reason

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
# Parentheses matter after a bracket only, `#`, `+`, `-` and `!` at a line's start or before one.
_MARKDOWN = re.compile(r"([\\`*_\[\]|~])")
_LINE_BREAKS = re.compile(r"[\r\n]+")


# References, units and rules repeat on every card.
@lru_cache(maxsize=4096)
def escape(text: str) -> str:
    """Return text from outside so that a client renders it as text, not as Markdown or HTML.

    A widely used client renders raw HTML in `detail`.
    """
    entities = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINE_BREAKS.sub(" ", _MARKDOWN.sub(r"\\\1", entities))


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return the catalogue of one language."""
    path = resources.files("cds_hooks") / "text" / f"{language}.json"
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


class Wording:
    """Puts keys, reasons and feature names into words of one language.

    `models` is read again when a feature is named that none of them had: models are exchanged
    while a server runs.
    """

    def __init__(self, language: Language, models: Iterable[ModelDefinition]) -> None:
        self.language = language
        self._texts = catalogue(language)
        self._models = models
        self._labels = self._read_labels()

    def say(self, key: str, **values: str) -> str:
        """Return the text of `key` with its values put in; KeyError where there is no such text."""
        return self._texts[key].format_map(values)

    def text(self, text: Text) -> str:
        """Return a model's own text."""
        return text.said_in(self.language)

    def feature(self, name: str) -> str:
        """Return the name of a feature as a physician calls it."""
        known = self._texts.get(f"feature.{name}") or self._labels.get(name)
        if known is None:
            self._labels = self._read_labels()
        return known or self._labels.get(name, name)

    def population(self, country: str) -> str:
        """Return the survey of a country that imputed values come from."""
        return self.say(f"population.{country}")

    def _read_labels(self) -> Mapping[str, str]:
        return {
            spec.feature: spec.label.said_in(self.language)
            for model in self._models
            for spec in model.inputs
        }

    def reason(self, reason: Reason) -> str:
        """Return a reason in words; values from outside are escaped."""
        values = {name: self._value(name, value) for name, value in reason.values.items()}
        return self.say(f"reason.{reason.code}", **values)

    def _value(self, name: str, value: str) -> str:
        if name in ("feature", "other"):
            return self.feature(value)
        if name == "population":
            return self.population(value)
        if name == "why":
            return self.say(f"unusable.{value}")
        return escape(value)


def choose_language(accept_language: str | None, default: Language) -> Language:
    """Return the best language for an Accept-Language header (RFC 9110, 12.5.4)."""
    best: tuple[float, int] | None = None
    chosen = default
    for position, part in enumerate((accept_language or "").split(",")):
        tag, _, parameter = part.strip().partition(";")
        language = _served(tag)
        quality = _quality(parameter)
        if language is None or quality <= 0:
            continue
        if best is None or (quality, -position) > best:
            best, chosen = (quality, -position), language
    return chosen


def _served(tag: str) -> Language | None:
    primary = tag.lower().split("-")[0]
    if primary == "zh":
        return "zh-CN"
    return "en" if primary == "en" else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
