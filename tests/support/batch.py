"""Small tables for the tests of batch scoring."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inference.batch.plan import Plan, make_plan
from inference.batch.scoring import Chunk, Scored, score
from tests.support.patients import CATALOGUE, REGISTRY

# One man of 58 as a file has him, by column.
CHINA_PAR = {
    "male": "1", "age": "58", "sbp[mm[Hg]]": "152", "treated": "1",
    "total_cholesterol[mmol/L]": "5.80", "hdl_cholesterol[mmol/L]": "1.05", "waist[cm]": "94",
    "smoker": "0", "diabetes": "1", "north": "1", "urban": "1", "family_history": "1",
    "prior_cvd": "0",
}  # fmt: skip
CKD_EPI = {"male": "1", "age": "58", "creatinine[umol/L]": "88", "acr[mg/mmol]": "3.5"}
PREVENT = {
    "male": "1", "age": "58", "total_cholesterol[mmol/L]": "5.80",
    "hdl_cholesterol[mmol/L]": "1.05", "sbp[mm[Hg]]": "152", "bmi[kg/m2]": "27.4",
    "egfr[mL/min/{1.73_m2}]": "85", "diabetes": "1", "smoker": "0", "treated": "1", "statin": "0",
    "prior_cvd": "0", "heart_failure": "0",
}  # fmt: skip


def model(id: str) -> Any:
    found = REGISTRY.get(id)
    assert found is not None
    return found


def plan(name: str, headers: Sequence[str], /, **more: Any) -> Plan:
    more = {"catalogue": CATALOGUE, "units": {}} | more
    return make_plan(more.pop("definition", model(name).definition), headers, **more)


def scored(id: str, rows: Sequence[Mapping[str, str]], **more: Any) -> Scored:
    """Score rows of text, as CSV gives them."""
    headers = list(rows[0])
    columns = {name: [row[name] for row in rows] for name in headers}
    return score(plan(id, headers, **more), Chunk(1, len(rows), columns), model(id).engine)


def scored_numbers(id: str, rows: Sequence[Mapping[str, str]], **more: Any) -> Scored:
    """Score the same rows as numbers, as Parquet gives them."""
    headers = list(rows[0])
    columns = {
        name: np.array([float(row[name] or "nan") for row in rows], dtype=np.float64)
        for name in headers
    }
    return score(plan(id, headers, **more), Chunk(1, len(rows), columns), model(id).engine)
