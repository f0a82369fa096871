"""Expression constraints as a tree: what the operators, brackets and filters of an ECL text mean.

Names follow the rules of the ABNF (Expression Constraint Language 2.3, "Syntax Specification",
https://docs.snomed.org/snomed-ct-specifications/snomed-ct-expression-constraint-language). `at`
is the place in the text, for errors: trees that differ in it only are equal.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeAlias


class Walk(Enum):
    """A constraintOperator: which way the hierarchy is walked, as the brief syntax writes it."""

    DESCENDANT_OF = "<"
    DESCENDANT_OR_SELF_OF = "<<"
    CHILD_OF = "<!"
    CHILD_OR_SELF_OF = "<<!"
    ANCESTOR_OF = ">"
    ANCESTOR_OR_SELF_OF = ">>"
    PARENT_OF = ">!"
    PARENT_OR_SELF_OF = ">>!"
    TOP = "!!>"
    BOTTOM = "!!<"


class Order(Enum):
    """A comparison operator."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class AnyConcept:
    """wildCard: every concept of the release, active or not."""

    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Concept:
    """eclConceptReference; its term is for the reader and has no meaning."""

    code: str
    term: str | None = field(compare=False, default=None)
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Walked:
    """A constraintOperator applied to each concept of a set."""

    walk: Walk
    of: "Constraint"
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class MemberOf:
    """memberOf: what the rows of reference sets name in a field.

    No `fields` are the referenced concept, ("*",) are all. A row counts if it passes all `tests`;
    where none is of its activity, it must be active.
    """

    of: "Constraint"
    fields: tuple[str, ...] = ()
    tests: tuple["MemberTest", ...] = ()
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class RefsetContainingAny:
    """refsetContainingAny: the reference sets of which one of the concepts is an active member."""

    of: "Constraint"
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Compound:
    """What is in all of the parts, in any, or in the first and not in the second."""

    operator: Literal["AND", "OR", "MINUS"]
    parts: tuple["Constraint", ...]
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Dotted:
    """dottedExpressionConstraint: the values of attributes, then of theirs, from left to right."""

    of: "Constraint"
    names: tuple["Constraint", ...]
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Refined:
    """refinedExpressionConstraint: the concepts whose attributes satisfy a refinement."""

    of: "Constraint"
    refinement: "Refinement"
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Filtered:
    """Description and concept filters: concepts that pass all of them, one after the other."""

    of: "Constraint"
    filters: tuple["DescriptionFilter | ConceptFilter", ...]
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class WithHistory:
    """historySupplement: the concepts and those that association reference sets point to them."""

    of: "Constraint"
    refsets: "Constraint"
    at: int = field(compare=False, default=0)


Constraint: TypeAlias = (
    AnyConcept
    | Concept
    | Walked
    | MemberOf
    | RefsetContainingAny
    | Compound
    | Dotted
    | Refined
    | Filtered
    | WithHistory
)


@dataclass(frozen=True, slots=True)
class Expression:
    """An ECL text that has been read."""

    text: str
    constraint: Constraint


@dataclass(frozen=True, slots=True)
class Cardinality:
    """How often; `most` is None for "*". Unstated it is [1..*] (6.3, "Default Cardinalities")."""

    least: int = 1
    most: int | None = None


ONE_OR_MORE = Cardinality()


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """typedSearchTerm or concreteString: a text to be found by words, by pattern, or exactly.

    `text` of a pattern keeps its escapes, so that a star can be told from a wildcard.
    """

    kind: Literal["match", "wild", "exact"]
    text: str


@dataclass(frozen=True, slots=True)
class ConceptValue:
    """The value is a concept of a set, or (`is_negated`) a concept outside of it."""

    of: Constraint
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class NumberValue:
    """The value is a number, compared with this one."""

    order: Order
    number: float


@dataclass(frozen=True, slots=True)
class TextValue:
    """The value is a text that one of the terms finds, or (`is_negated`) that none finds."""

    terms: tuple[SearchTerm, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class BooleanValue:
    """The value is this boolean, or (`is_negated`) the other."""

    is_true: bool
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class TimeValue:
    """A date as a number 20210731, 0 where none is assigned; compared with any of several."""

    order: Order
    times: tuple[int, ...]


Value: TypeAlias = ConceptValue | NumberValue | TextValue | BooleanValue


@dataclass(frozen=True, slots=True)
class Attribute:
    """eclAttribute: so many attributes of these names whose value passes the test."""

    name: Constraint
    value: Value
    cardinality: Cardinality = ONE_OR_MORE
    is_reversed: bool = False
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class AttributeGroup:
    """eclAttributeGroup: so many groups whose attributes satisfy `of` among themselves."""

    of: "AttributeSet"
    cardinality: Cardinality = ONE_OR_MORE
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class AttributeSet:
    """eclAttributeSet: attributes of which all, or one, must be."""

    operator: Literal["AND", "OR"]
    parts: tuple["Attribute | AttributeSet", ...]


@dataclass(frozen=True, slots=True)
class RefinementSet:
    """eclRefinement: attributes and groups of which all, or one, must be."""

    operator: Literal["AND", "OR"]
    parts: tuple["Refinement", ...]


Refinement: TypeAlias = Attribute | AttributeGroup | AttributeSet | RefinementSet


@dataclass(frozen=True, slots=True)
class TermTest:
    """termFilter: the description's term."""

    term: TextValue


@dataclass(frozen=True, slots=True)
class LanguageTest:
    """languageFilter: the description's language, lower case ISO 639-1."""

    codes: tuple[str, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class TypeTest:
    """typeFilter: the description's type, one of the concepts."""

    of: ConceptValue


@dataclass(frozen=True, slots=True)
class Dialect:
    """Language reference sets, and the acceptabilities in them; none of these is any."""

    refsets: Constraint
    acceptabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DialectTest:
    """dialectFilter: the description is in one of the dialects, or (`is_negated`) in none."""

    dialects: tuple[Dialect, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class IdTest:
    """descriptionIdFilter."""

    ids: tuple[str, ...]
    is_negated: bool = False
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class ModuleTest:
    """moduleFilter of a description, concept or member."""

    of: ConceptValue
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class EffectiveTimeTest:
    """effectiveTimeFilter of a description, concept or member."""

    of: TimeValue
    at: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class ActiveTest:
    """activeFilter of a description, concept or member; None is either."""

    is_active: bool | None


@dataclass(frozen=True, slots=True)
class StatusTest:
    """definitionStatusFilter: the concept's definition status, one of the concepts."""

    of: ConceptValue


@dataclass(frozen=True, slots=True)
class FieldTest:
    """memberFieldFilter: a further field of a reference set."""

    name: str
    value: Value | TimeValue
    at: int = field(compare=False, default=0)


DescriptionTest: TypeAlias = (
    TermTest
    | LanguageTest
    | TypeTest
    | DialectTest
    | IdTest
    | ModuleTest
    | EffectiveTimeTest
    | ActiveTest
)
ConceptTest: TypeAlias = StatusTest | ModuleTest | EffectiveTimeTest | ActiveTest
MemberTest: TypeAlias = FieldTest | ModuleTest | EffectiveTimeTest | ActiveTest


@dataclass(frozen=True, slots=True)
class DescriptionFilter:
    """descriptionFilterConstraint: one description of the concept passes all tests.

    Where no test is of the description's activity, it must be active.
    """

    tests: tuple[DescriptionTest, ...]


@dataclass(frozen=True, slots=True)
class ConceptFilter:
    """conceptFilterConstraint: the concept itself passes all tests."""

    tests: tuple[ConceptTest, ...]
