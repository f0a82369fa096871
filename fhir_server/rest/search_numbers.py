"""Numbers and quantities as they stand in a URL: http://hl7.org/fhir/R4/search.html#number."""

import re
from collections.abc import Mapping
from decimal import Decimal

from fhir_server.rest.search_text import refused, split, unescape
from fhir_server.store.search_query import NumberTerm, Prefix, QuantityTerm

PREFIXES: Mapping[str, Prefix] = {
    "eq": "eq", "ne": "ne", "lt": "lt", "gt": "gt", "ge": "ge", "le": "le", "sa": "sa", "eb": "eb",
    "ap": "ap",
}  # fmt: skip

_NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?(?P<exponent>[eE][+-]?[0-9]+)?")
# Beyond, a number is no float: no record that was accepted holds one.
_MOST_EXPONENT = 300
# R4 search.html#prefix, `ap`: "10% of the stated value".
_ABOUT = Decimal("0.1")


def split_prefix(name: str, text: str) -> tuple[Prefix, str]:
    """Return the prefix (`eq` where none is written) and the rest; 400 for an unknown one."""
    prefix = PREFIXES.get(text[:2])
    if prefix is not None:
        return prefix, text[2:]
    if text[:1].isalpha():
        why = f"prefix {text[:2]!r} is not supported; {', '.join(PREFIXES)} are"
        raise refused(name, text, why)
    return "eq", text


def read_number(name: str, text: str) -> NumberTerm:
    """Return the term of a number with its prefix; BadRequest (400) naming the parameter."""
    prefix, rest = split_prefix(name, text)
    # "+" in a query reads as a space where the client did not write %2B.
    written = rest.replace(" ", "+")
    match = _NUMBER.fullmatch(written)
    if match is None:
        raise refused(name, text, "write a number such as 5.4, -1 or 1e3, after a prefix if any")
    value = Decimal(written)
    if abs(value.adjusted()) > _MOST_EXPONENT:
        raise refused(name, text, f"the exponent is beyond {_MOST_EXPONENT}")
    if prefix in ("eq", "ne", "ap"):
        half = _half_of_last_digit(value, in_exponent_form=match["exponent"] is not None)
        reach = max(half, abs(value) * _ABOUT) if prefix == "ap" else half
        return NumberTerm(prefix, float(value - reach), float(value + reach))
    # "the implicit precision of the number is ignored": see there, on lt, gt, le, ge, sa and eb.
    return NumberTerm(prefix, float(value), float(value))


def _half_of_last_digit(value: Decimal, *, in_exponent_form: bool) -> Decimal:
    """Return how far the precision that is written reaches to either side.

    The examples of R4 are followed to the letter: 100 is [99.5, 100.5), 100.00 is
    [99.995, 100.005) and 1e2 is [95, 105).
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise TypeError("a number that is written in digits is finite")
    return Decimal(5).scaleb(exponent - (2 if in_exponent_form else 1))


def read_quantity(name: str, text: str) -> QuantityTerm:
    """Return the term of `[prefix]number`, `number|system|code` or `number||code`; 400 else."""
    parts = [unescape(part) for part in split(text, "|")]
    number = read_number(name, parts[0])
    match parts[1:]:
        case []:
            return QuantityTerm(number)
        case [system, code] if code:
            return QuantityTerm(number, system or None, code)
    raise refused(name, text, "write number, number|system|code or number||code")
