"""Chronic-disease risk on the hook patient-view."""

from cds_hooks.chronic_risk import ANALYTES, DESCRIPTION, USAGE
from cds_hooks.protocol import HookRequest
from cds_hooks.service import HookService
from inference.contract import Text


def no_orders(_request: HookRequest) -> None:
    """patient-view brings no orders: the context was checked when it was parsed."""


SERVICE = HookService(
    id="chronic-risk-patient-view",
    hook="patient-view",
    title=Text("打开病历时的慢性病风险", "Chronic-disease risk when a record is opened"),
    description=DESCRIPTION,
    usage_requirements=USAGE,
    analytes=ANALYTES,
    check=no_orders,
)
