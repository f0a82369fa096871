"""Which column of a file is which input of a model, and by which line its unit is converted."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from inference.batch.errors import BatchRefused
from inference.contract import Exclusion, InputSpec, ModelDefinition, WhenAbsent
from inference.features import kinds
from terminology.catalogue import Analyte, Catalogue
from terminology.units import Line, UnitRefused, conversion, ucum_code

Kind = Literal["quantity", "flag", "male", "sex", "whole", "number"]

_IDENTITY: Final = Line(Decimal(1), Decimal(0), "", "")
_UNITLESS: Final = ("1", "a")
# ISO 5218 codes sex as 1 and 2, other files as 0 and 1 either way: digits under this name say
# nothing. Under `male` they do.
SEX: Final = "sex"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file as an input: how its text is read and converted.

    `spec` is None for a state that excludes. `plausible` is what a living body can have, in the
    model's unit.
    """

    header: str
    kind: Kind
    line: Line = _IDENTITY
    spec: InputSpec | None = None
    unit: str = ""
    plausible: tuple[float, float] = (-math.inf, math.inf)

    @property
    def is_as_it_comes(self) -> bool:
        """Whether the file's unit is the model's own."""
        return self.line.multiplier == 1 and not self.line.offset


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is read for a model.

    `inputs` has a column, or None where the file has none, for each input in the graph's order;
    `states` one for each exclusion that the file tells. `unknown` are exclusions that nobody
    tells and that do not withhold; `unused` are columns that nothing reads.
    """

    model: ModelDefinition
    inputs: tuple[Column | None, ...]
    states: tuple[tuple[Exclusion, Column], ...]
    unknown: tuple[str, ...]
    unused: tuple[str, ...]
    id: str | None

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns of the file that are read."""
        read = [column for column in self.inputs if column is not None]
        read += [column for _, column in self.states]
        named = [self.id] if self.id is not None else []
        return tuple(dict.fromkeys([*named, *(column.header for column in read)]))

    @property
    def without_column(self) -> tuple[str, ...]:
        """The inputs for which the file has no column."""
        pairs = zip(self.model.inputs, self.inputs, strict=True)
        return tuple(spec.name for spec, column in pairs if column is None)


@dataclass(frozen=True, slots=True)
class _Header:
    text: str
    unit: str


def split_header(text: str) -> tuple[str, str]:
    """Return name and unit of a header such as `sbp[mm[Hg]]`; the unit is "" without brackets."""
    name, bracket, rest = text.strip().partition("[")
    if bracket and rest.endswith("]"):
        return name.strip(), rest[:-1].strip()
    return text.strip(), ""


def make_plan(
    model: ModelDefinition,
    headers: Sequence[str],
    *,
    catalogue: Catalogue,
    units: Mapping[str, str],
    nobody_has: Collection[str] = (),
    id: str | None = None,
) -> Plan:
    """Match a file's columns with a model's inputs; `BatchRefused` where one would be guessed.

    `units` adds units by column name; `nobody_has` are states that the caller excludes for
    everybody in the file; `id` is a column that is carried along.
    """
    named = _named(headers, units)
    wanted = {exclusion.flag for exclusion in model.exclusions}
    strange = sorted(set(nobody_has) - wanted)
    if strange:
        raise BatchRefused("state-unknown", states=", ".join(strange),
                           known=", ".join(sorted(wanted)) or "-")  # fmt: skip
    inputs = tuple(_input(spec, named, catalogue) for spec in model.inputs)
    _check_required(model, inputs)
    states, unknown = _states(model, named, inputs, nobody_has)
    used = {c.header for c in (*inputs, *(c for _, c in states)) if c is not None}
    if id is not None and id not in headers:
        raise BatchRefused("id-missing", id=id, found=", ".join(headers))
    rest = tuple(text for text in headers if text.strip() and text not in used and text != id)
    return Plan(model, inputs, states, unknown, rest, id)


def _named(headers: Sequence[str], units: Mapping[str, str]) -> dict[str, _Header]:
    found: dict[str, _Header] = {}
    for text in headers:
        name, unit = split_header(text)
        if not name:
            continue  # a trailing separator
        if name in found:
            raise BatchRefused("column-twice", first=found[name].text, second=text)
        stated = units.get(name, "") or units.get(text, "")
        if unit and stated and unit != stated:
            raise BatchRefused("unit-conflict", column=text, stated=stated)
        found[name] = _Header(text, unit or stated)
    strange = sorted(name for name in units if name not in found and name not in headers)
    if strange:
        raise BatchRefused("units-strange", columns=", ".join(strange))
    return found


def _input(spec: InputSpec, named: Mapping[str, _Header], catalogue: Catalogue) -> Column | None:
    names = dict.fromkeys((spec.name, spec.feature))
    if spec.feature == "male":
        names[SEX] = None
    there = [named[name] for name in names if name in named]
    if len(there) > 1:
        raise BatchRefused("column-twice", first=there[0].text, second=there[1].text)
    if not there:
        return None
    header = there[0]
    analyte = catalogue.measured(spec.feature)
    if analyte is not None:
        return _quantity(spec, header, analyte)
    return _plain(spec, header, catalogue)


def _quantity(spec: InputSpec, header: _Header, analyte: Analyte) -> Column:
    unit = header.unit
    if not unit:
        if spec.unit not in _UNITLESS:
            raise BatchRefused("unit-missing", column=header.text, unit=spec.unit)
        unit = spec.unit
    try:
        line = conversion(unit, analyte=analyte, to=spec.unit)
        there = conversion(analyte.canonical_unit, analyte=analyte, to=spec.unit)
    except UnitRefused as refused:
        raise BatchRefused(
            "unit-refused", column=header.text, unit=unit, why=refused.text, wanted=spec.unit
        ) from None
    plausible = (_end(analyte.plausible_low, there, -math.inf),
                 _end(analyte.plausible_high, there, math.inf))  # fmt: skip
    return Column(header.text, "quantity", line, spec, unit, plausible)


def _end(bound: Decimal | None, line: Line, without: float) -> float:
    return without if bound is None else float(bound * line.multiplier + line.offset)


def _plain(spec: InputSpec, header: _Header, catalogue: Catalogue) -> Column:
    """Return the column of what is no laboratory value: a flag, an age, a place in an order."""
    allowed = {spec.unit, ""} if spec.unit in _UNITLESS else {spec.unit}
    given = header.unit
    if given not in allowed and (ucum_code(given) or given) not in allowed:
        if not given:
            raise BatchRefused("unit-missing", column=header.text, unit=spec.unit)
        raise BatchRefused(
            "unit-refused", column=header.text, unit=given, why=spec.feature, wanted=spec.unit
        )
    if kinds.is_flag(spec):
        return Column(header.text, _flag_kind(spec, header), spec=spec, unit=spec.unit)
    kind: Kind = "whole" if kinds.is_whole(spec, catalogue) else "number"
    return Column(header.text, kind, spec=spec, unit=spec.unit)


def _flag_kind(spec: InputSpec, header: _Header) -> Kind:
    if spec.feature != "male":
        return "flag"
    return "sex" if split_header(header.text)[0] == SEX else "male"


def _states(
    model: ModelDefinition,
    named: Mapping[str, _Header],
    inputs: Sequence[Column | None],
    nobody_has: Collection[str],
) -> tuple[tuple[tuple[Exclusion, Column], ...], tuple[str, ...]]:
    """Return who tells each exclusion, and those that nobody tells; an input may tell one too."""
    read = {c.spec.feature: _Header(c.header, "") for c in inputs if c is not None and c.spec}
    states = []
    unknown: list[str] = []
    withholding: list[str] = []
    for exclusion in model.exclusions:
        header = named.get(exclusion.flag) or read.get(exclusion.flag)
        if header is not None and exclusion.flag in nobody_has:
            raise BatchRefused("state-twice", state=exclusion.flag, column=header.text)
        if header is not None:
            if header.unit not in ("", "1"):
                raise BatchRefused("unit-refused", column=header.text, unit=header.unit,
                                   why=exclusion.flag, wanted="1")  # fmt: skip
            states.append((exclusion, Column(header.text, "flag")))
        elif exclusion.flag not in nobody_has:
            (withholding if exclusion.unknown_withholds else unknown).append(exclusion.flag)
    if withholding:
        options = " ".join(f"--nobody-has {flag}" for flag in withholding)
        raise BatchRefused("state-missing", states=", ".join(withholding), options=options)
    return tuple(states), tuple(unknown)


def _check_required(model: ModelDefinition, inputs: Sequence[Column | None]) -> None:
    missing = [
        spec.name if spec.unit in _UNITLESS else f"{spec.name}[{spec.unit}]"
        for spec, column in zip(model.inputs, inputs, strict=True)
        if column is None and spec.when_absent is WhenAbsent.REQUIRED
    ]
    if missing:
        raise BatchRefused("column-missing", model=model.id, columns=", ".join(missing))
