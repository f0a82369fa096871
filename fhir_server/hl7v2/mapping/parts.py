"""What a mapping reads of a field, down to its sub-components: the account lists the rest."""

import sys
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final, TypeAlias

from fhir_server.hl7v2.tokenizer import NULL, Segment

EVERY: Final[Container[int]] = range(1, sys.maxsize)
FIRST: Final[Container[int]] = range(1, 2)

Components: TypeAlias = Mapping[int, Container[int]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What is read of a field: of each component in `components`, those sub-components.

    `repeats`: every repetition is read, else the first alone. `whole`: a repetition is read as one
    text. `choose` says which components are read where that depends on what the repetition or its
    segment holds. `said` are values of further components that say no more than the resource does.
    `valid` says of components what of them is read: a date that is none is not, nor a code that the
    resource cannot say; `checked`, that even a field of one component must be looked at. Of the
    components up to `plain` each is read in any case, up to `dense` where none is empty.
    """

    components: Components = field(default_factory=dict)
    repeats: bool = False
    whole: bool = False
    choose: Callable[[Segment, Sequence[str]], "Parts"] | None = None
    said: Mapping[int, frozenset[str]] = field(default_factory=dict)
    valid: "Valid" = field(default_factory=dict)
    plain: int = 0
    dense: int = 0
    checked: bool = False

    def spans(self, value: str, mark: str) -> bool:
        """Whether all of an undivided repetition is read, as far as a glance at it tells."""
        number = value.count(mark)
        return number < self.plain or (number < self.dense and mark + mark not in value)


Valid: TypeAlias = Mapping[int, Callable[[str], bool]]
Fields: TypeAlias = Mapping[int, Parts]


def parts(
    *components: int,
    inner: Components | None = None,
    said: Mapping[int, frozenset[str]] | None = None,
    valid: Valid | None = None,
    repeats: bool = False,
) -> Parts:
    """Return what is read of a composite: the first sub-component of each of `components`.

    `inner` are the components of which other sub-components are read.
    """
    found = dict.fromkeys(components, FIRST) | dict(inner or {})
    checks = valid or {}
    return Parts(
        found,
        repeats=repeats,
        said=said or {},
        valid=checks,
        plain=next(n for n in count(1) if n not in found or n in checks) - 1,
        checked=1 in checks,
    )


def one_of(*codes: str) -> Parts:
    """Return what is read of a field of one code: only what is one of `codes`."""
    known = frozenset(codes)
    return parts(1, valid={1: lambda text: text.upper() in known})


def chosen(
    choose: Callable[[Segment, Sequence[str]], Parts],
    *,
    plain: int = 0,
    dense: int = 0,
    repeats: bool = False,
) -> Parts:
    """Return what is read of a field whose content decides that."""
    return Parts(choose=choose, repeats=repeats, plain=plain, dense=dense)


def repeated(once: Parts) -> Parts:
    """Return the same of every repetition."""
    return replace(once, repeats=True)


ONE: Final = parts(1)
TEXT: Final = Parts(whole=True)
TEXTS: Final = Parts(whole=True, repeats=True)


def component(components: Sequence[str], number: int) -> str:
    """Return a component of a repetition as it came, "" where it is absent."""
    return components[number - 1] if number <= len(components) else ""


def unread(segment: Segment, number: int, known: Parts) -> list[str]:
    """Return what a field holds that is not read, by its place: `11.12`, `5.1.2`, `16[2]`.

    A component (11.12) is one of any repetition that is read; a repetition (16[2]) one of which
    nothing is.
    """
    if known.whole and known.repeats:
        return []
    marks = segment.separators
    blank = f"{marks.component}{marks.repetition}{marks.subcomponent} "
    value, mark = segment.fields[number], marks.repetition
    found: dict[str, None] = {}
    for place, repetition in enumerate(value.split(mark) if mark else [value], start=1):
        if place > 1 and not known.repeats:
            if repetition.strip(blank):
                found[f"{number}[{place}]"] = None
        elif not known.whole:
            split = repetition.split(marks.component) if marks.component else [repetition]
            of_this = known
            while of_this.choose is not None:
                of_this = of_this.choose(segment, split)
            for inner in _unread(split, of_this, marks.subcomponent):
                found[f"{number}.{inner}"] = None
    return list(found)


def _unread(components: Sequence[str], known: Parts, mark: str) -> list[str]:
    """Return the places inside one repetition that hold something that is not read."""
    if known.whole:
        return []
    found = []
    for number, text in enumerate(components, start=1):
        if not text.strip(f"{mark} "):
            continue
        read = known.components.get(number)
        if read is None:
            if text.strip().upper() not in known.said.get(number, ()):
                found.append(str(number))
            continue
        is_valid = known.valid.get(number, bool)
        inner = text.split(mark) if mark else [text]
        found += [
            f"{number}.{place}" if len(inner) > 1 or 1 not in read else str(number)
            for place, each in enumerate(inner, start=1)
            if (said := each.strip()) and not (place in read and (said == NULL or is_valid(said)))
        ]
    return found
