"""The inputs of a model as a reader of its card sees them."""

from decimal import Decimal
from typing import Final

from fhir_server.model_cards.words import Words
from inference.contract import InputSpec, ModelDefinition, WhenAbsent
from inference.features.risk_regions import RISK_REGIONS
from terminology.catalogue import Catalogue
from terminology.units import UnitRefused, convert

_PRINTED: Final = {
    "1": "",
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "kg/m2": "kg/m²",
    "umol/L": "μmol/L",
    "10*9/L": "10⁹/L",
    "{index}": "",
    "{score}": "",
    "{class}": "",
    "{grade}": "",
    "{degree}": "",
    "{decile}": "",
}


_REGIONS: Final = ("score2_region", "score2_asia_pacific_region")


def unit(code: str, words: Words) -> str:
    """Return a unit as it is printed; empty for a bare number."""
    return words.say("unit.years") if code == "a" else _PRINTED.get(code, code)


def is_flag(spec: InputSpec) -> bool:
    """Return whether an input is a yes or a no."""
    return spec.unit == "1" and (spec.low, spec.high) == (0, 1)


def is_region(spec: InputSpec) -> bool:
    """Return whether an input is one of the risk regions that a deployment states."""
    return spec.feature in _REGIONS


def with_unit(value: float, spec: InputSpec, words: Words) -> str:
    """Return one value of an input."""
    if spec.feature == "male":
        return words.say("value.male" if value else "value.female")
    if is_flag(spec):
        return words.say("value.yes" if value else "value.no")
    if is_region(spec):
        return words.say(f"risk-region.{RISK_REGIONS[int(value)]}")
    return f"{value:.6g} {unit(spec.unit, words)}".rstrip()


def domain(spec: InputSpec, words: Words) -> str:
    """Return the values that the model takes, ends included."""
    if spec.feature == "male":
        return words.say("domain.sex")
    if is_flag(spec):
        return words.say("domain.flag")
    if is_region(spec):
        return words.listed([words.say(f"risk-region.{region}") for region in RISK_REGIONS])
    return f"{spec.low:g}-{spec.high:g} {unit(spec.unit, words)}".rstrip()


def elsewhere(spec: InputSpec, words: Words, catalogue: Catalogue) -> str | None:
    """Return the same range in the unit that laboratories here report, where it is another."""
    analyte = catalogue.measured(spec.feature)
    if analyte is None or analyte.canonical_unit == spec.unit:
        return None
    try:
        low, high = (
            convert(
                Decimal(repr(float(end))),
                unit=spec.unit,
                analyte=analyte,
                to=analyte.canonical_unit,
            ).value
            for end in (spec.low, spec.high)
        )
    except UnitRefused:
        return None
    shown = f"{float(low):.3g}-{float(high):.3g} {unit(analyte.canonical_unit, words)}"
    return words.say("domain.elsewhere", domain=shown)


def oldest(spec: InputSpec, words: Words) -> str:
    """Return how old a value may be."""
    if spec.max_age_days is None:
        return words.say("oldest.any")
    return words.say("oldest.days", days=spec.max_age_days)


def when_absent(spec: InputSpec, definition: ModelDefinition, words: Words) -> str:
    """Return what happens to the answer when the input is not known."""
    values: dict[str, str] = {}
    if spec.when_absent is WhenAbsent.SPAN:
        shown = [with_unit(value, spec, words) for value in spec.span]
        assumed = spec.span[0] if spec.assumed is None else spec.assumed
        values = {"assumed": with_unit(assumed, spec, words), "span": words.listed(shown)}
    if spec.when_absent is WhenAbsent.LIMITS_OUTCOMES:
        named = [words.text(o.name) for o in definition.outcomes if o.id in spec.needed_for]
        values = {"outcomes": words.listed(named)}
    return words.say(f"absent.{spec.when_absent.value}", **values)


def spread(spec: InputSpec, words: Words) -> str:
    """Return the spread of a single reading around the usual value, as the interval takes it."""
    if spec.cv:
        return words.say("spread.relative", percent=f"{100 * spec.cv:g}")
    if spec.sd:
        return words.say("spread.absolute", value=f"{spec.sd:g} {unit(spec.unit, words)}".rstrip())
    return words.say("spread.none")
