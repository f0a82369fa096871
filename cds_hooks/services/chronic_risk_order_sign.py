"""Chronic-disease risk on the hook order-sign."""

from cds_hooks.chronic_risk import ANALYTES, DESCRIPTION, USAGE
from cds_hooks.orders import check_orders
from cds_hooks.protocol import HookRequest
from cds_hooks.service import HookService
from inference.contract import Text


def orders_to_sign(request: HookRequest) -> None:
    """Refuse a call without draft orders or with another patient's."""
    check_orders(request, selections=False)


SERVICE = HookService(
    id="chronic-risk-order-sign",
    hook="order-sign",
    title=Text("签署医嘱时的慢性病风险", "Chronic-disease risk when an order is signed"),
    description=DESCRIPTION,
    usage_requirements=USAGE,
    analytes=ANALYTES,
    check=orders_to_sign,
)
