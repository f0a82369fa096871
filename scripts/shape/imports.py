"""Which module imports which: cycles, and modules that know too many others."""

import graphlib
from collections.abc import Iterator, Mapping, Set

import grimp

from scripts.shape import limits
from scripts.shape.report import Row


def graph() -> dict[str, frozenset[str]]:
    """Return the product's modules, each with the product's modules that it imports."""
    built = grimp.build_graph(limits.ROOMS[0], *limits.ROOMS[1:], cache_dir=None)
    return {
        module: frozenset(built.find_modules_directly_imported_by(module))
        for module in built.modules
    }


def rows(imported: Mapping[str, Set[str]]) -> Iterator[Row]:
    """Yield the rows on cycles and fan-out."""
    cycle = first_cycle(imported)
    yield Row("import cycles", "1 or more" if cycle else "0", "0", (cycle,) if cycle else ())
    fan_out = {
        module: len(others)
        for module, others in imported.items()
        if module not in limits.FAN_OUT_EXEMPT
    }
    yield Row(
        "fan-out, max (but for wiring)",
        str(max(fan_out.values(), default=0)),
        f"<= {limits.FAN_OUT_MAX}",
        tuple(
            f"{module} imports {count} modules"
            for module, count in sorted(fan_out.items())
            if count > limits.FAN_OUT_MAX
        ),
    )


def first_cycle(imported: Mapping[str, Set[str]]) -> str | None:
    """Return one cycle as "a -> b -> a", or None where there is none."""
    try:
        graphlib.TopologicalSorter(imported).prepare()
    except graphlib.CycleError as fault:
        # graphlib lists each module before the one that imports it.
        return " -> ".join(reversed(fault.args[1]))
    return None
