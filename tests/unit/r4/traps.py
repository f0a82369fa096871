"""Records that look right and are not: what is wrong, where, and with which issue code."""

from tests.unit.r4.trap import Trap
from tests.unit.r4.traps_of_context import CONTEXT_TRAPS
from tests.unit.r4.traps_of_structure import STRUCTURE_TRAPS
from tests.unit.r4.traps_of_values import VALUE_TRAPS

TRAPS: tuple[Trap, ...] = (*STRUCTURE_TRAPS, *VALUE_TRAPS, *CONTEXT_TRAPS)
