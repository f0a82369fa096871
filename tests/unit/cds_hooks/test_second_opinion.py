"""What is recorded, read by another implementation of FHIR (fhir.resources, R4B models)."""

import json

import pytest
from fhir.resources.R4B.provenance import Provenance
from fhir.resources.R4B.riskassessment import RiskAssessment

from fhir_server.r4.codec import encode
from tests.support.hooks import order_sign
from tests.unit.cds_hooks.test_evaluate import House

pytestmark = pytest.mark.anyio

READERS = {"RiskAssessment": RiskAssessment, "Provenance": Provenance}


async def test_another_implementation_reads_the_record_and_finds_the_same_figures():
    house = House()
    cards = await house.cards(order_sign(fhirServer="https://emr.example/fhir"))
    assert len(house.record.resources) == 2 * len(cards)
    for resource in house.record.resources:
        wire = json.loads(encode(resource))
        read = READERS[wire["resourceType"]].model_validate(wire)
        if wire["resourceType"] == "RiskAssessment":
            assert read.status == "final"
            for recorded, sent in zip(read.prediction, wire["prediction"], strict=True):
                if "probabilityDecimal" in sent:
                    assert float(recorded.probabilityDecimal) == sent["probabilityDecimal"]
        else:
            assert read.target[0].reference.startswith("RiskAssessment/")
