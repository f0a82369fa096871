"""Draft orders in the context of order-select and order-sign."""

from collections.abc import Mapping
from typing import Any

from cds_hooks.protocol import HookRequest
from fhir_server.r4.outcome import BadRequest

_PATIENT_ELEMENTS = ("subject", "patient")


def check_orders(request: HookRequest, *, selections: bool) -> None:
    """Refuse orders that are not there, not selected or not for the patient in context."""
    bundle = request.context.get("draftOrders")
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise BadRequest(
            "required", "context.draftOrders must be a Bundle of the orders.", "context.draftOrders"
        )
    resources = [_resource(entry, i) for i, entry in enumerate(bundle.get("entry", ()))]
    for index, resource in enumerate(resources):
        _check_patient(resource, index, request.patient_id)
    if selections:
        _check_selections(request.context.get("selections"), resources)


def _resource(entry: Any, index: int) -> Mapping[str, Any]:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        where = f"context.draftOrders.entry[{index}].resource"
        raise BadRequest("required", "Every draft order must be a FHIR resource.", where)
    return resource


def _check_patient(resource: Mapping[str, Any], index: int, patient_id: str) -> None:
    for element in _PATIENT_ELEMENTS:
        subject = resource.get(element)
        reference = subject.get("reference") if isinstance(subject, dict) else None
        if isinstance(reference, str) and "Patient/" in reference:
            found = reference.rsplit("Patient/", 1)[1].split("/")[0]
            if found != patient_id:
                raise BadRequest(
                    "invalid",
                    "The draft order is for another patient than context.patientId.",
                    f"context.draftOrders.entry[{index}].resource.{element}",
                )


def _check_selections(selections: Any, resources: list[Mapping[str, Any]]) -> None:
    if not isinstance(selections, list) or not selections:
        raise BadRequest(
            "required", "context.selections must name the selected orders.", "context.selections"
        )
    known = {f"{r['resourceType']}/{r.get('id')}" for r in resources}
    for index, selected in enumerate(selections):
        if selected not in known:
            raise BadRequest(
                "invalid",
                "The selection is not among context.draftOrders (expected like "
                "MedicationRequest/123).",
                f"context.selections[{index}]",
            )
