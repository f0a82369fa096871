"""`make bench`: every benchmark, figures and ratios of one run; ARGS names one of them."""

import argparse
import sys
from collections.abc import Callable

from benchmarks import (
    bulk,
    fhir,
    hl7v2_intake,
    hl7v2_parse,
    order_sign,
    parts,
    search_scale,
    snomed,
    terminology_batch,
)

_RUNS: dict[str, Callable[[], int]] = {
    "order-sign": order_sign.main,
    "fhir": fhir.main,
    "parts": parts.main,
    "hl7v2-parse": hl7v2_parse.main,
    "bulk": bulk.main,
    "search-scale": search_scale.main,
    "hl7v2": hl7v2_intake.main,
    "snomed": snomed.main,
    "terminology-batch": terminology_batch.main,
}
# How many results are stored, or concepts loaded.
_SIZED: dict[str, Callable[[int], int]] = {
    "bulk": bulk.main,
    "search-scale": search_scale.main,
    "snomed": snomed.main,
}


def main() -> int:
    """Run the benchmark named, or all of them; 0 where no request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=_RUNS, help="default: all")
    parser.add_argument(
        "n", nargs="?", type=int, help=f"{', '.join(_SIZED)}: how many results or concepts"
    )
    arguments = parser.parse_args()
    if arguments.n is not None:
        if arguments.name not in _SIZED:
            parser.error(f"only {' and '.join(_SIZED)} take a number")
        return _SIZED[arguments.name](arguments.n)
    names = [arguments.name] if arguments.name else list(_RUNS)
    return max(_RUNS[name]() for name in names)


if __name__ == "__main__":
    sys.exit(main())
