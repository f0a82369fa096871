"""The topics of this server, one for each resource type that it tells of, and the IG's names.

Source: Subscriptions R5 Backport 1.1.0, http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/.
In R4 a topic is no resource: it is its canonical URL, which the CapabilityStatement lists.
"""

from typing import Final

_IG: Final = "http://hl7.org/fhir/uv/subscriptions-backport"
_DEFINITIONS: Final = f"{_IG}/StructureDefinition"

PROFILE: Final = f"{_DEFINITIONS}/backport-subscription"
STATUS_PROFILE: Final = f"{_DEFINITIONS}/backport-subscription-status-r4"
NOTIFICATION_PROFILE: Final = f"{_DEFINITIONS}/backport-subscription-notification-r4"
SERVER: Final = f"{_IG}/CapabilityStatement/backport-subscription-server-r4"

FILTER: Final = f"{_DEFINITIONS}/backport-filter-criteria"
CONTENT: Final = f"{_DEFINITIONS}/backport-payload-content"
HEARTBEAT: Final = f"{_DEFINITIONS}/backport-heartbeat-period"
TIMEOUT: Final = f"{_DEFINITIONS}/backport-timeout"
MAX_COUNT: Final = f"{_DEFINITIONS}/backport-max-count"
CHANNEL_TYPE: Final = f"{_DEFINITIONS}/backport-channel-type"
LISTED_TOPIC: Final = f"{_DEFINITIONS}/capabilitystatement-subscriptiontopic-canonical"

STATUS_OPERATION: Final = f"{_IG}/OperationDefinition/backport-subscription-status"
EVENTS_OPERATION: Final = f"{_IG}/OperationDefinition/backport-subscription-events"

# http://terminology.hl7.org/CodeSystem/subscription-error, as in the IG's own example.
ERRORS: Final = "http://terminology.hl7.org/CodeSystem/subscription-error"

_BASE: Final = "https://attending.org/fhir/SubscriptionTopic"
TYPES: Final = ("DiagnosticReport", "Observation", "RiskAssessment")
TOPICS: Final = {f"{_BASE}/{type.lower()}": type for type in TYPES}


def topic_of(type: str) -> str:
    """Return the canonical of the topic of a watched type: created, updated and deleted."""
    return f"{_BASE}/{type.lower()}"
