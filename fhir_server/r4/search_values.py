"""What a search index holds of one element: tokens, strings, ranges of time, references, numbers.

Rules: http://hl7.org/fhir/R4/search.html, one section per parameter type. They are made for every
value of every write, hence Structs: a frozen dataclass takes several times as long to make.
"""

import unicodedata
from typing import TypeAlias

import msgspec


class TokenValue(msgspec.Struct, frozen=True):
    """A code with its system; `system` is None where the element has none."""

    param: str
    system: str | None
    code: str


class StringValue(msgspec.Struct, frozen=True):
    """Text in the form of `normalise`: a query's text goes through the same function."""

    param: str
    normalised: str


class DateValue(msgspec.Struct, frozen=True):
    """`[low, high)` in microseconds since the epoch; an open Period ends at EARLIEST or LATEST."""

    param: str
    low: int
    high: int


class ReferenceValue(msgspec.Struct, frozen=True):
    """A literal reference: `type` and `id` on this server, else `url` (type where it is known)."""

    param: str
    type: str | None
    id: str | None
    url: str | None = None


class NumberValue(msgspec.Struct, frozen=True):
    """A number (`low` equals `high`), or a Range whose open end is infinite."""

    param: str
    low: float
    high: float


class QuantityValue(msgspec.Struct, frozen=True):
    """A Quantity, Range or Money as it is written; a Range's open end is infinite."""

    param: str
    low: float
    high: float
    system: str | None
    code: str | None
    unit: str | None


class UriValue(msgspec.Struct, frozen=True):
    """A uri as it is written: R4 search.html#uri matches with case and without normalisation."""

    param: str
    uri: str


SimpleValue: TypeAlias = (
    TokenValue | StringValue | DateValue | ReferenceValue | NumberValue | QuantityValue | UriValue
)


class CompositeValue(msgspec.Struct, frozen=True):
    """What one element gives the components of a composite, in their order; parts have no name."""

    param: str
    parts: tuple[SimpleValue, ...]


IndexValue: TypeAlias = SimpleValue | CompositeValue


def fold_code(text: str) -> str:
    """Return a token's code as it is compared: R4 search.html#token, without case when in doubt."""
    return text.lower()


def normalise(text: str) -> str:
    """Return `text` without case, accents, full-width forms and repeated white space.

    R4 search.html#string: case and accents are not significant. Chinese characters stay.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFC", bare.casefold()).split())
