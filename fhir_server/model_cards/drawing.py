"""The curve of a model as a drawing, and as a table for those who do not see it."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from cds_hooks.render import figures
from fhir_server.model_cards.curve import Curve, Line, Point
from fhir_server.model_cards.html import Html, element, together
from fhir_server.model_cards.inputs import unit, with_unit
from fhir_server.model_cards.words import Words
from inference.contract import ModelDefinition

_WIDTH, _HEIGHT = 480, 300  # so that a phone shows it whole and its figures can be read
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 66, 26, 58
_TICKS: Final = 5
_ROWS: Final = 9
_NICE: Final = (1, 2, 2.5, 5, 10)
# Told apart by the dashes too, for those who do not see the colours.
_STROKES: Final = {None: ("#174ea6", None), True: ("#174ea6", None), False: ("#a50e5a", "7 4")}


class _Plane:
    """Puts values of the input and of the estimate on the drawing."""

    def __init__(self, curve: Curve, definition: ModelDefinition) -> None:
        points = [point for line in curve.lines for point in line.points]
        self.factor = 100 if definition.primary.unit == "1" else 1
        self.low, self.high = points[0].at, points[-1].at
        highest = max(self.factor * point.estimate for point in points)
        self.step = _nice(max(highest, 1e-6) / (_TICKS - 1))
        self.top = self.step * (_TICKS - 1)
        while self.top < highest:
            self.top += self.step

    def x(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, shown: float) -> float:
        return round(_HEIGHT - _BOTTOM - shown / self.top * (_HEIGHT - _TOP - _BOTTOM), 1)


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * nice for nice in _NICE if power * nice >= step * (1 - 1e-9))


def drawing(curve: Curve, definition: ModelDefinition, words: Words) -> Html:
    """Return the figure: drawing, legend in words, and the table."""
    return element(
        "figure",
        _svg(curve, definition, words),
        element("figcaption", _caption(curve, words)),
        element(
            "details",
            element("summary", words.say("drawing.table")),
            _table(curve, definition, words),
        ),
    )


def _caption(curve: Curve, words: Words) -> str:
    held = [
        f"{words.text(spec.label)} {with_unit(value, spec, words)}" for spec, value in curve.others
    ]
    return words.say(
        "drawing.caption", input=words.text(curve.spec.label), others=words.listed(held)
    )


def _svg(curve: Curve, definition: ModelDefinition, words: Words) -> Html:
    plane = _Plane(curve, definition)
    title = words.say(
        "drawing.title",
        outcome=words.text(definition.primary.name),
        input=words.text(curve.spec.label),
    )
    return element(
        "svg",
        element("title", title, id="curve-title"),
        *_grid(plane, curve, definition, words),
        *_thresholds(plane, definition),
        *(_path(plane, line) for line in curve.lines),
        *_names(plane, curve.lines, words),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_labelledby="curve-title",
        xmlns="http://www.w3.org/2000/svg",
    )


def _grid(plane: _Plane, curve: Curve, definition: ModelDefinition, words: Words) -> Iterator[Html]:
    right, floor = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    shown = 0.0
    while shown <= plane.top * 1.0001:
        y = plane.y(shown)
        yield element("line", x1=_LEFT, x2=right, y1=y, y2=y, stroke="#c9ccd1")
        yield _text(f"{shown:g}{'%' if plane.factor == 100 else ''}", _LEFT - 8, y + 4, "end")
        shown += plane.step
    for tick in range(_TICKS):
        value = plane.low + tick / (_TICKS - 1) * (plane.high - plane.low)
        yield _text(f"{value:.0f}", plane.x(value), floor + 20, "middle")
    named = unit(curve.spec.unit, words)
    across = f"{words.text(curve.spec.label)}{f' ({named})' if named else ''}"
    yield _text(across, (_LEFT + right) / 2, _HEIGHT - 10, "middle")
    up = unit(definition.primary.unit, words)
    if up:
        yield _text(up, 4, 14, "start")


def _thresholds(plane: _Plane, definition: ModelDefinition) -> Iterator[Html]:
    """Draw the bounds that hold for everybody; those that hang on the age are in the table."""
    if not definition.scales or len(definition.bounds) != len(definition.scales[0].steps) - 1:
        return
    for bound in definition.bounds:
        shown = bound * plane.factor
        if shown <= plane.top:
            y = plane.y(shown)
            yield element(
                "line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, stroke="#8a4b00",
                stroke_dasharray="2 3", stroke_width=1.5,
            )  # fmt: skip


def _path(plane: _Plane, line: Line) -> Html:
    colour, dashes = _STROKES[line.male]
    points = " ".join(f"{plane.x(p.at)},{plane.y(plane.factor * p.estimate)}" for p in line.points)
    return element(
        "polyline", points=points, fill="none", stroke=colour, stroke_width=2.5,
        stroke_dasharray=dashes,
    )  # fmt: skip


def _names(plane: _Plane, lines: Sequence[Line], words: Words) -> Iterator[Html]:
    """Name each line at its end, apart from the other."""
    places = [plane.y(plane.factor * line.points[-1].estimate) + 4 for line in lines]
    if len(places) == 2 and abs(places[0] - places[1]) < 16:
        middle = sum(places) / 2
        above = -8 if places[0] <= places[1] else 8
        places = [middle + above, middle - above]
    for line, y in zip(lines, places, strict=True):
        if line.male is not None:
            colour = _STROKES[line.male][0]
            name = words.say("value.male" if line.male else "value.female")
            yield _text(name, _WIDTH - _RIGHT + 6, y, "start", colour)


def _text(said: str, x: float, y: float, anchor: str, fill: str = "#33363b") -> Html:
    return element("text", said, x=x, y=y, text_anchor=anchor, fill=fill, font_size=15)


def _table(curve: Curve, definition: ModelDefinition, words: Words) -> Html:
    lines = curve.lines
    count = len(lines[0].points)
    chosen = sorted({round(row * (count - 1) / (_ROWS - 1)) for row in range(_ROWS)})
    heads = [words.text(curve.spec.label)]
    heads += [
        words.say("column.estimate")
        if line.male is None
        else words.say("value.male" if line.male else "value.female")
        for line in lines
    ]
    rows = [
        element(
            "tr",
            element("th", with_unit(lines[0].points[row].at, curve.spec, words), scope="row"),
            *(element("td", _told(line.points[row], definition, words)) for line in lines),
        )
        for row in chosen
    ]
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    return element("table", element("thead", head), element("tbody", together(*rows)))


def _told(point: Point, definition: ModelDefinition, words: Words) -> str:
    shown = figures.amount(definition.primary, point.estimate, definition.bounds)
    return shown if point.step is None else f"{shown} · {words.text(point.step.name)}"
