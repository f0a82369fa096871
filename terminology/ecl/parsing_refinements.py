"""Reading refinements: attributes, their values and cardinalities, groups and brackets."""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias, TypeVar

from terminology.ecl.parsing_values import attribute_value
from terminology.ecl.reading import Reader
from terminology.ecl.syntax import (
    ONE_OR_MORE,
    Attribute,
    AttributeGroup,
    AttributeSet,
    Cardinality,
    ConceptValue,
    Constraint,
    Refinement,
    RefinementSet,
)

SubConstraint: TypeAlias = Callable[[Reader], Constraint]
T = TypeVar("T")
_Operator: TypeAlias = Literal["AND", "OR"]
_REVERSE: Final = "R"


def refinement(reader: Reader, sub: SubConstraint) -> Refinement:
    """eclRefinement; `sub` reads a subExpressionConstraint."""
    operator, parts = _joined(reader, lambda: _sub_refinement(reader, sub))
    return parts[0] if len(parts) == 1 else RefinementSet(operator, tuple(parts))


def _joined(reader: Reader, part: Callable[[], T]) -> tuple[_Operator, list[T]]:
    """Read parts between which one and the same operator stands.

    The ABNF derives `a AND b OR c`, as an attribute set within a disjunction; 6.4 says that it is
    not valid, and that brackets are mandatory.
    """
    parts, operator = [part()], None
    while True:
        at = reader.at
        following = _operator(reader)
        if following is None:
            return operator or "AND", parts
        if operator not in (None, following):
            reader.refuse(
                f"{following} does not follow {operator}: brackets say which comes first", at=at
            )
        operator = following
        parts.append(part())


def _operator(reader: Reader) -> _Operator | None:
    if reader.take(","):
        return "AND"
    word = reader.next_word()
    if word not in ("and", "or"):
        return None
    reader.at += len(word)
    if not reader.skip():
        reader.refuse(f"a blank is expected between {word} and what follows")
    return "AND" if word == "and" else "OR"


def _sub_refinement(reader: Reader, sub: SubConstraint) -> Refinement:
    if reader.sees("(") and not _is_name(reader):
        return _in_brackets(reader, lambda: refinement(reader, sub))
    at = reader.at
    cardinality = _cardinality(reader)
    if reader.take("{"):
        with reader.deeper():
            inner = _attribute_set(reader, sub)
        reader.need("}", "}, AND, OR or a comma")
        return AttributeGroup(inner, cardinality or ONE_OR_MORE, at)
    return _attribute(reader, sub, cardinality, at)


def _attribute_set(reader: Reader, sub: SubConstraint) -> AttributeSet:
    operator, parts = _joined(reader, lambda: _sub_attribute_set(reader, sub))
    return AttributeSet(operator, tuple(parts))


def _sub_attribute_set(reader: Reader, sub: SubConstraint) -> Attribute | AttributeSet:
    if reader.sees("(") and not _is_name(reader):
        return _in_brackets(reader, lambda: _attribute_set(reader, sub))
    at = reader.at
    cardinality = _cardinality(reader)
    if reader.sees("{"):
        reader.refuse("a group stands in no group")
    return _attribute(reader, sub, cardinality, at)


def _in_brackets(reader: Reader, part: Callable[[], T]) -> T:
    reader.need("(")
    with reader.deeper():
        inner = part()
    reader.need(")", "), AND, OR or a comma")
    return inner


def _is_name(reader: Reader) -> bool:
    """Whether the brackets here hold the names of an attribute: a comparison follows them."""
    behind = reader.after_brackets()
    return reader.next_order(behind) is not None or reader.text.startswith("{{", behind)


def _attribute(
    reader: Reader, sub: SubConstraint, cardinality: Cardinality | None, at: int
) -> Attribute:
    is_reversed = _reverse_flag(reader)
    name = sub(reader)
    place = reader.at
    compared = attribute_value(reader, sub)
    if is_reversed and not isinstance(compared, ConceptValue):
        reader.refuse(
            "a reversed attribute is compared with concepts: a number or text has no attributes",
            at=place,
        )
    return Attribute(name, compared, cardinality or ONE_OR_MORE, is_reversed, at)


def _reverse_flag(reader: Reader) -> bool:
    if reader.take_word("reverseof"):
        return True
    behind = reader.text[reader.at + 1 : reader.at + 2]
    if not reader.sees(_REVERSE) or behind.isalpha() or behind in ("#", "-"):
        return False
    return reader.take(_REVERSE) is not None


def _cardinality(reader: Reader) -> Cardinality | None:
    at = reader.at
    if reader.take("[") is None:
        return None
    least = reader.count()
    if reader.take("..") is None and reader.take_word("to") is None:
        reader.refuse(".. is expected here")
    most = None if reader.take("*") or reader.take_word("many") else reader.count()
    reader.need("]")
    if most is not None and most < least:
        reader.refuse(f"no number is at least {least} and at most {most}", at=at)
    return Cardinality(least, most)
