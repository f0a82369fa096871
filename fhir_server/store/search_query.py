"""A search as parsed: what must hold, in which order, how much of it.

Source: http://hl7.org/fhir/R4/search.html. A `Criterion` is one occurrence of a parameter; its
terms are joined by OR, the criteria of a query by AND.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fhir_server.store.resources import Stored

DatePrefix: TypeAlias = Literal["eq", "ne", "lt", "gt", "ge", "le", "sa", "eb"]
StringMatch: TypeAlias = Literal["starts", "contains", "exact"]


@dataclass(frozen=True, slots=True)
class TokenTerm:
    """`system` None is any system, "" is explicitly none; `code` None is any code."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class StringTerm:
    """`text` as it was asked for; the search normalises it."""

    text: str
    match: StringMatch = "starts"


@dataclass(frozen=True, slots=True)
class DateTerm:
    """A range `[low, high)` in microseconds since the epoch and how to compare with it."""

    prefix: DatePrefix
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ReferenceTerm:
    """An id on this server or an absolute URL; `type` None is any type."""

    target: str
    type: str | None


Term: TypeAlias = TokenTerm | StringTerm | DateTerm | ReferenceTerm


@dataclass(frozen=True, slots=True)
class Criterion:
    """One occurrence of `parameter`; at least one of `terms`, all of one kind, must hold."""

    parameter: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Compartment:
    """The resource refers, by one of `parameters`, to one of the `targets` (ids of `type`).

    `_id` among the parameters stands for the resource itself. Without a parameter or a target
    nothing matches. A reference to `{base_url}/{type}/{id}` counts too where `base_url` is given.
    """

    parameters: tuple[str, ...]
    targets: tuple[str, ...]
    type: str = "Patient"
    base_url: str | None = None


Test: TypeAlias = Criterion | Compartment


@dataclass(frozen=True, slots=True)
class Sort:
    """A date-type parameter (or `_lastUpdated`) by the start, or the end, of its range.

    Resources without a value come last in both directions: none is left out.
    """

    parameter: str
    descending: bool = False
    by_end: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last match of a page: where the next page begins.

    `sort` is the order of the walk, which may be the server's own choice; `value` is the sort
    value of that match, None in the tail of resources without one and where there is no order.
    """

    sort: Sort | None
    value: int | None
    rid: int


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A whole search on one type. `count` is the page size; 0 asks for no resources.

    `total` asks for the exact number of matches, which costs a walk over all of them.
    """

    criteria: tuple[Test, ...] = ()
    sort: Sort | None = None
    count: int = 50
    total: bool = False
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The matches of one page; `total` where it was asked for; `next` where more follow."""

    matches: tuple[Stored, ...]
    total: int | None
    next: Cursor | None
