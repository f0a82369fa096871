"""Hook calls of the tests."""

import copy
from typing import Any

from tests.support.patients import drug, patient, usual_conditions, usual_results


def bundle(resources: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries} | more


def order_sign(**changes: Any) -> dict[str, Any]:
    """Return an order-sign call with everything prefetched; `changes` replace top-level fields."""
    order = drug("C10AA05", status="draft")
    call = {
        "hook": "order-sign",
        "hookInstance": "0d2b1d9a-6f0c-4d2c-9a39-5a7f1c0e9d11",
        "context": {
            "userId": "Practitioner/1",
            "patientId": "p1",
            "draftOrders": bundle([order], type="collection"),
        },
        "prefetch": prefetch(),
    }
    return copy.deepcopy(call | changes)


def prefetch(**changes: Any) -> dict[str, Any]:
    """Return the four prefetched keys; a change to `...` leaves a key out."""
    found = {
        "patient": patient(),
        "observations": bundle(usual_results()),
        "conditions": bundle(usual_conditions()),
        "medications": bundle([drug("C08CA01")]),
    } | changes
    return {key: value for key, value in found.items() if value is not ...}
