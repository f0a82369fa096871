"""`make bench`: every benchmark, figures and ratios of one run; ARGS names one of them."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    bulk,
    fhir,
    hl7v2_intake,
    hl7v2_parse,
    mapping,
    models,
    order_sign,
    parts,
    predict,
    search_scale,
    snomed,
    terminology_batch,
)

_RUNS: dict[str, Callable[[], int]] = {
    "order-sign": order_sign.main,
    "fhir": fhir.main,
    "parts": parts.main,
    "models": models.main,
    "predict": predict.main,
    "hl7v2-parse": hl7v2_parse.main,
    "bulk": bulk.main,
    "search-scale": search_scale.main,
    "hl7v2": hl7v2_intake.main,
    "snomed": snomed.main,
    "terminology-batch": terminology_batch.main,
}
# How many results are stored, concepts loaded, or rows scored.
_SIZED: dict[str, Callable[[int], int]] = {
    "bulk": bulk.main,
    "predict": predict.main,
    "search-scale": search_scale.main,
    "snomed": snomed.main,
}
# Those that need data of other people, in a folder beside the repository.
_WITH_DATA: dict[str, Callable[[Path], int]] = {"mapping": mapping.main}


def main() -> int:
    """Run the benchmark named, or all of them; 0 where no request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "name", nargs="?", choices=(*_RUNS, *_WITH_DATA), help="default: all without a folder"
    )
    parser.add_argument(
        "n",
        nargs="?",
        help=f"{', '.join(_SIZED)}: how many of them; {', '.join(_WITH_DATA)}: FOLDER",
    )
    arguments = parser.parse_args()
    if arguments.name in _WITH_DATA:
        if arguments.n is None:
            parser.error(f"{arguments.name} needs a folder")
        return _WITH_DATA[arguments.name](Path(arguments.n))
    if arguments.n is not None:
        if arguments.name not in _SIZED or not arguments.n.isdecimal():
            parser.error(f"only {' and '.join(_SIZED)} take a number")
        return _SIZED[arguments.name](int(arguments.n))
    names = [arguments.name] if arguments.name else list(_RUNS)
    return max(_RUNS[name]() for name in names)


if __name__ == "__main__":
    sys.exit(main())
