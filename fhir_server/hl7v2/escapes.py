"""Escape sequences of HL7 v2 text, both ways.

Source: HL7 v2.8 section 2.7, "Use of escape sequences in text fields".
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Separators:
    """The delimiters that MSH-1 and MSH-2 set; an empty text is one that the message has not."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding_characters(self) -> str:
        """Return MSH-2."""
        return f"{self.component}{self.repetition}{self.escape}{self.subcomponent}{self.truncation}"


STANDARD: Final = Separators()

# Formatting commands that end a line; the others (.in, .ti, .fi, .nf, .sk) set layout, not text.
_LINE_BREAKS: Final = (".br", ".sp", ".ce")


def unescape(text: str, separators: Separators, codec: str) -> str:
    """Return `text` with its escape sequences resolved; `codec` reads the bytes of `\\Xdd..\\`.

    A sequence that is unknown, local (`\\Z..\\`), a change of character set (`\\C..\\`, `\\M..\\`)
    or not closed stays as it stands: nothing is lost.
    """
    mark = separators.escape
    if not mark or mark not in text:
        return text
    pattern = _sequence(mark)
    return pattern.sub(lambda found: _resolve(found, separators, codec), text)


def escape(text: str, separators: Separators) -> str:
    """Return `text` as it may stand in a field; line breaks become `\\.br\\`."""
    mark = separators.escape
    if not mark:
        return text
    replaced = {
        mark: "E",
        separators.field: "F",
        separators.component: "S",
        separators.repetition: "R",
        separators.subcomponent: "T",
        "\n": ".br",
        "\r": "X0D",
    }
    replaced.pop("", None)
    return "".join(
        f"{mark}{replaced[character]}{mark}" if character in replaced else character
        for character in text
    )


@lru_cache(maxsize=16)
def _sequence(mark: str) -> re.Pattern[str]:
    quoted = re.escape(mark)
    return re.compile(f"{quoted}([^{quoted}\r\n]{{1,512}}){quoted}")


def _resolve(found: re.Match[str], separators: Separators, codec: str) -> str:
    command = found[1]
    single = {
        "E": separators.escape,
        "F": separators.field,
        "S": separators.component,
        "R": separators.repetition,
        "T": separators.subcomponent,
        "P": separators.truncation or "#",
        "H": "",  # begin and end of highlighting
        "N": "",
    }
    if command in single:
        return single[command]
    if command.startswith("X"):
        return _hexadecimal(found, codec)
    if command.startswith(_LINE_BREAKS):
        return "\n"
    if command.startswith((".in", ".ti", ".fi", ".nf", ".sk")):
        return ""
    return found[0]


def _hexadecimal(found: re.Match[str], codec: str) -> str:
    try:
        return bytes.fromhex(found[1][1:]).decode(codec)
    except (ValueError, UnicodeDecodeError):
        return found[0]
