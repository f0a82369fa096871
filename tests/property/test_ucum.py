"""Whatever the expression: UCUM's canonical form is one, conversions go there and back."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, strategies

from terminology.ucum import canonical, convert, same_dimension

atoms = strategies.sampled_from(
    [
        "m",
        "g",
        "s",
        "L",
        "mol",
        "[iU]",
        "U",
        "Pa",
        "m[Hg]",
        "J",
        "eq",
        "10*",
        "%",
        "[in_i]",
        "h",
        "rad",
    ]
)
metric = strategies.sampled_from(["", "m", "u", "k", "da"]).flatmap(
    lambda prefix: strategies.sampled_from(["m", "g", "L", "mol", "[IU]", "Pa"]).map(prefix.__add__)
)
exponents = strategies.sampled_from(["", "2", "-1", "+3", "-2"])
components = strategies.one_of(
    strategies.builds("{}{}".format, strategies.one_of(atoms, metric), exponents),
    strategies.integers(1, 1000).map(str),
    strategies.just("{tot}"),
)
expressions = strategies.recursive(
    components,
    lambda inner: strategies.builds(
        "{}{}{}".format, inner, strategies.sampled_from("./"), inner.map("({})".format)
    ),
    max_leaves=5,
)
numbers = strategies.decimals(
    min_value=-100000, max_value=100000, places=4, allow_nan=False, allow_infinity=False
)


@given(expressions, expressions, numbers)
def test_products_and_quotients(first: str, second: str, value: Decimal) -> None:
    one, other = canonical(first), canonical(second)
    product = canonical(f"({first}).({second})")
    quotient = canonical(f"({first})/({second})")
    assert one
    assert other
    assert product
    assert quotient
    assert product.factor == one.factor * other.factor
    assert quotient.factor == one.factor / other.factor
    assert same_dimension(f"({first}).({second})", f"({second}).({first})")
    assert convert(value, f"({first})/({second}).({second})", first) == Fraction(value)


@given(expressions, numbers)
def test_the_canonical_form_is_ucum_and_stays_itself(code: str, value: Decimal) -> None:
    found = canonical(code)
    assert found
    again = canonical(found.code)
    assert again
    assert (again.factor, again.code) == (1, found.code)
    there = convert(value, code, found.code)
    assert there == found.value(value)
    assert there / found.factor == Fraction(value)


@given(strategies.sampled_from(["Cel", "[degF]", "[degRe]", "mCel", "K"]), numbers)
def test_temperatures_go_there_and_back(code: str, value: Decimal) -> None:
    kelvin = convert(value, code, "K")
    unit = canonical(code)
    assert unit
    assert unit.value(value) == kelvin
    assert (kelvin - unit.offset) / unit.factor == Fraction(value)


@given(strategies.text(alphabet="mgLsd10*^[]{}()./-+ %'aIU", max_size=24))
def test_no_text_raises(code: str) -> None:
    found = canonical(code)
    assert found is None or canonical(found.code) is not None


@given(expressions, strategies.lists(strategies.floats(-1e9, 1e9), min_size=2, max_size=9))
def test_the_order_of_values_stays(code: str, values: list[float]) -> None:
    found = canonical(code)
    assert found
    converted = [found.interval(value, value)[0] for value in sorted(values)]
    assert converted == sorted(converted)
