"""Fit the weights of the local-code ranking, and measure the rules that accept by themselves.

    python -m scripts.fit_local_mapping FOLDER

Weights are fitted on the training part of `benchmarks.mapping_data` only; the rules are measured on
the held-out part. Both files are written to terminology/data/ and reviewed like code.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.mapping_data import ITEMS, Mapped, part_of, read_all, read_items
from terminology.local_mapping.auto_accept import RULES
from terminology.local_mapping.items import read_item
from terminology.local_mapping.measured import Measurement, vocabulary_digest
from terminology.local_mapping.ranking import Ranker
from terminology.local_mapping.suggest import suggest

DATA: Final = Path(__file__).parents[1] / "terminology" / "data"
_RIDGE: Final = 3.0
_MOST_STEPS: Final = 60
_SOLVED: Final = 1e-6

Query = tuple[NDArray[np.float64], int]


def main() -> None:
    """Write both files and print what is in them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    items = read_items(folder)
    ranker = Ranker(read_all(folder, items), weights={})
    train = [each for each in items if part_of(each.code) == "train"]
    weights = _fitted(ranker, train)
    about = {
        "source": f"{ITEMS}, training part ({len(train)} items)",
        "method": f"conditional logit over the nearest candidates, ridge {_RIDGE}, Newton",
        "made by": "python -m scripts.fit_local_mapping FOLDER",
    }
    _write("local_mapping_weights.json", {"provenance": about, "weights": weights})
    weighted = Ranker(read_all(folder, items), weights=weights)
    _write("local_mapping_measured.json", _measured(weighted, items))


def _fitted(ranker: Ranker, items: list[Mapped]) -> dict[str, float]:
    queries: list[Query] = []
    names: list[str] = []
    for each in items:
        near = ranker.nearest(read_item(each.item))
        codes = [ranked.candidate.code for ranked in near]
        if each.code in codes:
            names = sorted(near[0].features)
            rows = np.array([[ranked.features[name] for name in names] for ranked in near])
            queries.append((rows, codes.index(each.code)))
    found = _newton(queries, len(names))
    return {name: round(float(value), 3) for name, value in zip(names, found, strict=True)}


def _newton(queries: list[Query], size: int) -> NDArray[np.float64]:
    weights = np.zeros(size)
    for _ in range(_MOST_STEPS):
        loss, slope, curve = _loss(queries, weights)
        step = np.linalg.solve(curve, slope)
        length = 1.0
        while length > _SOLVED and _loss(queries, weights - length * step)[0] > loss:
            length /= 2
        weights = weights - length * step
        if np.abs(slope).max() < _SOLVED:
            break
    return weights


def _loss(
    queries: list[Query], weights: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the negative log likelihood with ridge, its gradient and its Hessian."""
    loss = 0.5 * _RIDGE * float(weights @ weights)
    slope, curve = _RIDGE * weights, _RIDGE * np.eye(len(weights))
    for rows, right in queries:
        scores = rows @ weights
        share = np.exp(scores - scores.max())
        share /= share.sum()
        mean = share @ rows
        loss -= float(np.log(share[right]))
        slope = slope + mean - rows[right]
        curve = curve + (rows * share[:, None]).T @ rows - np.outer(mean, mean)
    return loss, slope, curve


def _measured(ranker: Ranker, items: tuple[Mapped, ...]) -> dict[str, object]:
    held_out = [each for each in items if part_of(each.code) == "held-out"]
    taken = wrong = 0
    for each in held_out:
        found = suggest(each.item, ranker).accepted
        if found is not None:
            taken += 1
            wrong += found.code != each.code
    measurement = Measurement(
        rules=RULES,
        vocabulary=vocabulary_digest(),
        source=f"{ITEMS}, held-out part",
        date=datetime.now(UTC).date().isoformat(),
        items=len(held_out),
        accepted=taken,
        wrong=wrong,
    )
    return {name: getattr(measurement, name) for name in measurement.__struct_fields__}


def _write(name: str, content: dict[str, object]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    (DATA / name).write_text(text, encoding="utf-8")
    print(name, text, sep="\n")


if __name__ == "__main__":
    main()
