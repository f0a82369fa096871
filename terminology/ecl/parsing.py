"""The door of the parser: an ECL text becomes an Expression, or EclError says where it fails.

Both syntaxes of ECL 2.3 are read, and of 2.0 to 2.2 what 2.3 dropped: `match:` and `wild:` in the
values of attributes.
"""

import re
from typing import Final, NoReturn

from terminology.ecl.errors import NOT_SUPPORTED
from terminology.ecl.parsing_filters import filtered, member_tests
from terminology.ecl.parsing_refinements import refinement
from terminology.ecl.reading import Reader
from terminology.ecl.syntax import (
    AnyConcept,
    Compound,
    Concept,
    Constraint,
    Dotted,
    Expression,
    MemberOf,
    Refined,
    RefsetContainingAny,
    Walk,
    Walked,
)

# The longest first: "<<!" begins with "<<", that with "<".
_BRIEF: Final = tuple(sorted((walk.value for walk in Walk), key=len, reverse=True))
_LONG: Final = {walk.name.replace("_", "").lower(): walk for walk in Walk}
_REVERSE_MEMBER: Final = re.compile(r"\^R(?![A-Za-z0-9#-])|\^R(?=[0-9])")
_ALTERNATE: Final = re.compile(r'"?[A-Za-z][A-Za-z0-9-]*#')
_OPERATORS: Final = ("AND", "OR", "MINUS")


def parse(text: str) -> Expression:
    """Return what an ECL text means; EclError with the place where it is none.

    At most 10,000 characters, brackets at most 30 deep.
    """
    reader = Reader(text)
    constraint = _constraint(reader)
    if not reader.at_end():
        _refuse_rest(reader)
    return Expression(text, constraint)


def _constraint(reader: Reader) -> Constraint:
    """expressionConstraint: up to the closing bracket or the end of the text."""
    at = reader.at
    first = sub_constraint(reader)
    if reader.take(":"):
        return Refined(first, refinement(reader, sub_constraint), at)
    names = []
    while reader.take("."):
        names.append(sub_constraint(reader))
    if names:
        return Dotted(first, tuple(names), at)
    operator = _operator(reader)
    return first if operator is None else _compound(reader, first, operator, at)


def _compound(reader: Reader, first: Constraint, operator: str, at: int) -> Constraint:
    parts = [first, sub_constraint(reader)]
    while (place := reader.at) and (following := _operator(reader)) is not None:
        if following != operator or operator == "MINUS":
            reader.refuse(
                f"{following} does not follow {operator}: brackets say which comes first", at=place
            )
        parts.append(sub_constraint(reader))
    if operator == "AND":
        return Compound("AND", tuple(parts), at)
    return Compound("OR" if operator == "OR" else "MINUS", tuple(parts), at)


def _operator(reader: Reader) -> str | None:
    """Read AND, OR or MINUS, which a blank follows; a comma is AND."""
    if reader.take(","):
        return "AND"
    word = reader.next_word().upper()
    if word not in _OPERATORS:
        return None
    reader.at += len(word)
    if not reader.skip():
        reader.refuse(f"a blank is expected between {word} and what follows")
    return word


def sub_constraint(reader: Reader) -> Constraint:
    """subExpressionConstraint: one set, with the operators before and the filters behind it."""
    at = reader.at
    walk = _walk(reader)
    found = _members(reader)
    if walk is not None:
        found = Walked(walk, found, at)
    return filtered(reader, found, sub_constraint, _constraint)


def _walk(reader: Reader) -> Walk | None:
    symbol = reader.take(*_BRIEF)
    if symbol is not None:
        return Walk(symbol)
    word = reader.next_word()
    if word not in _LONG or _ALTERNATE.match(reader.text, reader.at):
        return None
    reader.at += len(word)
    if not reader.skip():
        reader.refuse(f"a blank is expected between {word} and what follows")
    return _LONG[word]


def _members(reader: Reader) -> Constraint:
    at = reader.at
    if _REVERSE_MEMBER.match(reader.text, at) or reader.next_word() == "refsetcontainingany":
        if reader.take("^R") is None:
            reader.take_word("refsetcontainingany")
        return RefsetContainingAny(_focus(reader), at)
    if not (reader.take("^") or reader.take_word("memberof")):
        return _focus(reader)
    fields = _fields(reader)
    return MemberOf(_focus(reader), fields, member_tests(reader, sub_constraint), at)


def _fields(reader: Reader) -> tuple[str, ...]:
    if reader.take("[") is None:
        return ()
    if reader.take("*") or reader.take_word("any"):
        names = ["*"]
    else:
        names = [reader.name()]
        while reader.take(","):
            names.append(reader.name())
    reader.need("]", "] or a comma")
    return tuple(names)


def _focus(reader: Reader) -> Constraint:
    at = reader.at
    if reader.take("("):
        with reader.deeper():
            inner = _constraint(reader)
        if not reader.sees(")"):
            _refuse_rest(reader, ") or ")
        reader.take(")")
        return inner
    if _ALTERNATE.match(reader.text, at):
        reader.refuse(
            "alternate identifiers are not supported: name the concept by its SNOMED CT identifier",
            code=NOT_SUPPORTED,
        )
    if reader.take("*") or reader.take_word("any"):
        return AnyConcept(at)
    if not reader.sees_digit():
        reader.refuse("a concept identifier, * or ( is expected here")
    code = reader.sctid()
    return Concept(code, reader.term(), at)


def _refuse_rest(reader: Reader, closing: str = "") -> NoReturn:
    if reader.sees(":", "."):
        reader.refuse(
            f"{reader.text[reader.at]} applies to one set: brackets around what stands before it"
            " say which"
        )
    reader.refuse(f"{closing}AND, OR, MINUS, : or a filter {{{{ is expected here")
