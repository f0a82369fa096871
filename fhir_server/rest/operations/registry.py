"""Every operation that is served; the CapabilityStatement is read from here."""

from fhir_server.rest.operations import (
    batch_validate_code,
    bulk_export,
    bulk_import,
    closure,
    code_systems,
    concept_maps,
    evaluate_risk,
    everything,
    lastn,
    meta,
    subscription,
    validate,
    validate_code,
    value_sets,
)
from fhir_server.rest.operations.call import Level, Operation

OPERATIONS: tuple[Operation, ...] = (
    validate.OPERATION,
    *meta.OPERATIONS,
    everything.OPERATION,
    evaluate_risk.OPERATION,
    lastn.OPERATION,
    *bulk_export.OPERATIONS,
    bulk_import.OPERATION,
    *subscription.OPERATIONS,
    *code_systems.OPERATIONS,
    value_sets.OPERATION,
    *validate_code.OPERATIONS,
    *batch_validate_code.OPERATIONS,
    concept_maps.OPERATION,
    *closure.OPERATIONS,
)


def operations_at(level: Level, type: str | None) -> tuple[Operation, ...]:
    """Return the operations of an address: of the system, of a type, or of its instances."""
    return tuple(
        operation
        for operation in OPERATIONS
        if level in operation.levels and (operation.types is None or type in operation.types)
    )


def operations_of(type: str) -> tuple[Operation, ...]:
    """Return the operations of a type and of its instances, each once."""
    there = {*operations_at("type", type), *operations_at("instance", type)}
    return tuple(operation for operation in OPERATIONS if operation in there)
