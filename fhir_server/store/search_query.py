"""A search as parsed: what must hold, in which order, how much of it.

Source: http://hl7.org/fhir/R4/search.html. The tests of a query are joined by AND. A `Criterion`
is one occurrence of a parameter, whose terms are joined by OR; `Missing` is `:missing`;
`Compartment` holds where one of several reference parameters names one of several resources.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fhir_server.store.resources import Stored

Prefix: TypeAlias = Literal["eq", "ne", "lt", "gt", "ge", "le", "sa", "eb", "ap"]
DatePrefix: TypeAlias = Prefix
StringMatch: TypeAlias = Literal["starts", "contains", "exact"]
Direction: TypeAlias = Literal["above", "below"]


@dataclass(frozen=True, slots=True)
class TokenTerm:
    """`system` None is any system, "" is explicitly none; `code` None is any code."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class ValueSetTerm:
    """`:in`: a code of the value set with this canonical, or of `ValueSet/id` on this server."""

    value_set: str


@dataclass(frozen=True, slots=True)
class SubsumedTerm:
    """`:above` and `:below` of a token: `code` itself, or what stands above or below it."""

    system: str
    code: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class TextTerm:
    """`:text`: what is written beside a code or a reference begins with `text`, normalised."""

    text: str


@dataclass(frozen=True, slots=True)
class OfTypeTerm:
    """`:of-type`: an identifier of this type (system and code) with this value."""

    system: str
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class StringTerm:
    """`text` as it was asked for; the search normalises it."""

    text: str
    match: StringMatch = "starts"


@dataclass(frozen=True, slots=True)
class DateTerm:
    """A range `[low, high)` in microseconds since the epoch and how to compare with it.

    With `ap` it is the range that a date must meet.
    """

    prefix: DatePrefix
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class NumberTerm:
    """How to compare with the bounds that a number was asked for with.

    `eq` and `ne`: `[low, high)` is the span of its precision. `ap`: `[low, high]` is what a
    value must meet. Every other prefix compares with the number itself: `low` equals `high`.
    """

    prefix: Prefix
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class QuantityTerm:
    """A number with its unit: `system` None is any unit system, `code` None is any unit.

    With a `code` and no `system` the code or the printed unit must be `code`.
    """

    number: NumberTerm
    system: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class UriTerm:
    """A URI, with everything at or below it (whatever begins with it), or at or above it."""

    uri: str
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class ReferenceTerm:
    """An id on this server or an absolute URL; `type` None is any type."""

    target: str
    type: str | None


@dataclass(frozen=True, slots=True)
class CompositeTerm:
    """Values that belong together, one for each component; each part's terms are joined by OR."""

    parts: tuple[tuple["Term", ...], ...]


@dataclass(frozen=True, slots=True)
class ChainTerm:
    """The reference leads to a resource of `type` on this server for which all `tests` hold.

    A reference to `{base_url}/{type}/{id}` leads there too.
    """

    type: str
    tests: tuple["Test", ...]
    base_url: str


@dataclass(frozen=True, slots=True)
class HasTerm:
    """A resource of `type`, for which all `tests` hold, refers to this one by `parameter`."""

    type: str
    parameter: str
    tests: tuple["Test", ...]
    base_url: str


Term: TypeAlias = (
    TokenTerm
    | ValueSetTerm
    | SubsumedTerm
    | TextTerm
    | OfTypeTerm
    | StringTerm
    | DateTerm
    | NumberTerm
    | QuantityTerm
    | UriTerm
    | ReferenceTerm
    | CompositeTerm
    | ChainTerm
    | HasTerm
)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One occurrence of `parameter`; at least one of `terms` must hold.

    `negated` is `:not` and `:not-in`: none of the terms may hold; a resource without a value
    matches. `of_identifier` is `:identifier`: the terms are tokens of the logical reference.
    `parameter` is `_has` where the terms are of HasTerm.
    """

    parameter: str
    terms: tuple[Term, ...]
    negated: bool = False
    of_identifier: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether a resource must have no value of `parameter`, or (`missing` False) must have one."""

    parameter: str
    missing: bool


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


Test: TypeAlias = Criterion | Missing | Compartment

# A sort key's value: microseconds, a number or a text; None where the resource has none.
SortValue: TypeAlias = int | float | str | None


@dataclass(frozen=True, slots=True)
class Sort:
    """A parameter to order by; of a date the start, or the end, of its range.

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
    `then_by` and `further` are the other sort keys and their values.
    """

    sort: Sort | None
    value: SortValue
    rid: int
    then_by: tuple[Sort, ...] = ()
    further: tuple[SortValue, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A whole search on one type. `count` is the page size; 0 asks for no resources.

    `sort` is the first key of the order, `then_by` are those that decide between its equals.
    `total` asks for the exact number of matches, which costs a walk over all of them.
    """

    criteria: tuple[Test, ...] = ()
    sort: Sort | None = None
    count: int = 50
    total: bool = False
    cursor: Cursor | None = None
    then_by: tuple[Sort, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The matches of one page; `total` where it was asked for; `next` where more follow."""

    matches: tuple[Stored, ...]
    total: int | None
    next: Cursor | None
