"""History supplements: the inactive concepts that were replaced by those of a set (ECL 6.11)."""

from typing import Final

from terminology.ecl.concepts import Codes, Ids
from terminology.ecl.context import Context
from terminology.ecl.identifiers import HISTORICAL_ASSOCIATIONS
from terminology.ecl.members import referred, rows_of
from terminology.ecl.sets import without
from terminology.ecl.syntax import WithHistory
from terminology.ecl.values import in_set

_TARGET: Final = "targetComponentId"


def with_history(context: Context, constraint: WithHistory) -> Ids:
    """Return the concepts, and those that an association row points from to one of them.

    6.11, "Template": a row's target is the active concept, what it refers to the one it replaced.
    """
    of = context.evaluated(constraint.of)
    refsets = context.evaluated(constraint.refsets)
    _check_associations(context, constraint, refsets)
    parts = [of]
    for code in context.refsets(constraint.refsets, refsets):
        rows = rows_of(context, code, constraint.at)
        targets = rows.fields.get(_TARGET)
        if not isinstance(targets, Codes):
            context.refuse(constraint.at, f"the reference set {code} has no {_TARGET}")
        context.spend(len(targets.values))
        passed = rows.is_active & in_set(targets.values, of, context.size)
        parts.append(referred(rows.referenced[passed]))
    return context.union(parts)


def _check_associations(context: Context, constraint: WithHistory, named: Ids) -> None:
    """historySubset: only descendants of the historical association reference set."""
    above = context.concept(HISTORICAL_ASSOCIATIONS)
    others = without(named, context.concepts.descendants(above), context.size)
    if len(others):
        code = context.concepts.code(int(others[0]))
        context.refuse(constraint.at, f"{code} is no historical association reference set")
