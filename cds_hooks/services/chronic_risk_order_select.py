"""Chronic-disease risk on the hook order-select."""

from cds_hooks.chronic_risk import ANALYTES, DESCRIPTION, USAGE
from cds_hooks.orders import check_orders
from cds_hooks.protocol import HookRequest
from cds_hooks.service import HookService
from inference.contract import Text


def selected_orders(request: HookRequest) -> None:
    """Refuse a call without draft orders or whose selections are not among them."""
    check_orders(request, selections=True)


SERVICE = HookService(
    id="chronic-risk-order-select",
    hook="order-select",
    title=Text("选择医嘱时的慢性病风险", "Chronic-disease risk when an order is selected"),
    description=DESCRIPTION,
    usage_requirements=USAGE,
    analytes=ANALYTES,
    check=selected_orders,
)
