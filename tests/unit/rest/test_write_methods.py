"""The history of a resource says by which method each version came."""

from datetime import UTC

import pytest
from fastapi import Request

from fhir_server.rest import bundle_writes, writes
from fhir_server.rest.bundle_entries import Operation
from fhir_server.rest.content import Preferences
from fhir_server.rest.context import Context
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits
from fhir_server.rest.writes import Guard
from fhir_server.store import resources
from fhir_server.store.access import Access
from tests.support.fhir_store import BOTH, NOW, patient, writing

CONTEXT = Context(
    NOW,
    Place(UTC, "http://test/fhir"),
    FhirLimits(),
    Preferences(),
    Access(),
    Request({"type": "http"}),
)


@pytest.mark.parametrize("adapter", BOTH)
def test_each_version_names_its_method(adapter: str) -> None:
    with writing(adapter=adapter) as connection:
        created = Operation(0, "create", "Patient", resource=patient("p1"))
        bundle_writes.write(connection, created, CONTEXT)
        writes.patch(
            connection, ("Patient", "p1"), lambda r: {**r, "active": True}, Guard(), CONTEXT
        )
        writes.update(connection, patient("p1"), Guard(), CONTEXT)
        methods = [
            stored.method
            for stored in resources.history(connection, type="Patient", id="p1", count=9).entries
        ]
    assert methods == ["PUT", "PATCH", "POST"]
