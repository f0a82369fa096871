"""What a Subscription may ask for, and that everything else is refused by name."""

from typing import Any

import pytest

from fhir_server.r4.codec import decode, encode
from fhir_server.r4.outcome import InvalidResource
from fhir_server.r4.validation import validate
from fhir_server.subscriptions.filters import cannot_match
from fhir_server.subscriptions.policy import Policy, refusal
from fhir_server.subscriptions.terms import read_terms
from fhir_server.subscriptions.topics import CHANNEL_TYPE, FILTER, HEARTBEAT
from security.endpoints import prefix_refusal
from tests.support.fhir_store import hba1c
from tests.support.subscriptions import ENDPOINT, subscription

ANYWHERE = Policy()
UNKNOWN = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}
HOOKS = Policy(endpoints=("https://ehr.example/hooks/",), loopback=False, https_only=True)


def refused(resource: dict[str, Any], policy: Policy = ANYWHERE) -> list[tuple[str, str]]:
    assert validate(resource) == ()
    with pytest.raises(InvalidResource) as caught:
        read_terms(resource, policy)
    return [(issue.expression[0], issue.diagnostics) for issue in caught.value.issues]


def test_every_part_of_it_is_read() -> None:
    given = subscription(
        "Observation?patient=Patient/p1",
        "code=4548-4",
        content="full-resource",
        headers=("Authorization: Bearer s3cret", "X-Ward: 7"),
        heartbeat=60,
        timeout=20,
        max_count=5,
        end="2026-06-01T00:00:00Z",
    )
    terms = read_terms(given, Policy())
    assert terms.type == "Observation"
    assert terms.filters == ("patient=Patient/p1", "code=4548-4")
    assert terms.endpoint == ENDPOINT
    assert terms.headers == (("Authorization", "Bearer s3cret"), ("X-Ward", "7"))
    assert (terms.content, terms.media_type) == ("full-resource", "application/fhir+json")
    assert (terms.heartbeat, terms.timeout, terms.max_count) == (60, 20, 5)
    assert terms.ends == 1_780_272_000_000_000


def test_what_is_not_said_has_a_default() -> None:
    terms = read_terms(subscription(), Policy())
    assert (terms.heartbeat, terms.timeout, terms.max_count, terms.ends) == (0, 10, 20, 0)


def test_the_query_form_of_r4_is_refused_with_the_form_to_write() -> None:
    classic = {**subscription(), "criteria": "Observation?code=4548-4"}
    [(where, text)] = refused(classic)
    assert where == "Subscription.criteria"
    assert '"criteria": "https://attending.org/fhir/SubscriptionTopic/observation"' in text
    assert FILTER in text
    assert '"valueString": "Observation?code=4548-4"' in text


def test_an_unknown_topic_is_refused_with_those_that_there_are() -> None:
    [(where, text)] = refused({**subscription(), "criteria": "http://example.org/admission"})
    assert where == "Subscription.criteria"
    assert "SubscriptionTopic/riskassessment" in text


@pytest.mark.parametrize(
    ("filter", "why"),
    [("Patient?name=x", "is on 'Patient'"), ("Observation?", "an empty filter")],
)
def test_filters_are_on_the_topic_s_type(filter: str, why: str) -> None:
    [(where, text)] = refused(subscription(filter))
    assert where == "Subscription.criteria.extension"
    assert why in text


def test_a_filter_is_a_text() -> None:
    given = subscription()
    given["_criteria"] = {"extension": [{"url": FILTER, "valueInteger": 7}]}
    [(where, text)] = refused(given)
    assert (where, text[:15]) == ("Subscription.criteria.extension", "an empty filter")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"type": "websocket"}, "channel.type"),
        ({"type": "email"}, "channel.type"),
        ({"payload": "application/fhir+xml"}, "channel.payload"),
        ({"_payload": {"extension": [{"url": "urn:x", "valueCode": "empty"}]}},
         "channel.payload.extension"),
        ({"_type": {"extension": [{"url": CHANNEL_TYPE,
          "valueCoding": {"system": "urn:x", "code": "zulip"}}]}}, "channel.type"),
        ({"extension": [{"url": HEARTBEAT, "valueUnsignedInt": 1}]}, "channel.extension"),
        ({"extension": [{"url": HEARTBEAT, "valueString": "60"}]}, "channel.extension"),
        ({"extension": [{"url": HEARTBEAT, "valueUnsignedInt": 60}] * 2}, "channel.extension"),
        ({"header": ["no colon"]}, "channel.header[0]"),
        ({"header": ["X-A: 1", "x-a: 2"]}, "channel.header[1]"),
        ({"header": ["Host: other.example"]}, "channel.header[0]"),
        ({"header": ["Content-Length: 3"]}, "channel.header[0]"),
        ({"header": ["X-Name: 张三"]}, "channel.header[0]"),
    ],
)  # fmt: skip
def test_what_is_not_served_is_refused(change: dict[str, Any], where: str) -> None:
    given = subscription()
    given["channel"] = {**given["channel"], **change}
    [(found, _text)] = refused(given)
    assert found == f"Subscription.{where}"


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("criteria",), "criteria"),
        (("status",), "status"),
        (("end",), "end"),
        (("channel", "type"), "channel.type"),
        (("channel", "endpoint"), "channel.endpoint"),
        (("channel", "payload"), "channel.payload"),
    ],
)
def test_an_extension_in_place_of_a_value_is_refused(path: tuple[str, ...], where: str) -> None:
    """Valid R4, and no reason to fail: the answer says where a value is needed."""
    given = subscription()
    element = given["channel"] if len(path) == 2 else given
    element.pop(path[-1], None)
    others = element.get(f"_{path[-1]}", {}).get("extension", [])
    element[f"_{path[-1]}"] = {"extension": [*others, *UNKNOWN["extension"]]}
    assert validate(decode(encode(given))) == ()
    assert [found for found, _text in refused(given)] == [f"Subscription.{where}"]


def test_a_header_without_a_value_is_refused() -> None:
    given = subscription()
    given["channel"] = {**given["channel"], "header": [None], "_header": [UNKNOWN]}
    assert validate(decode(encode(given))) == ()
    assert [found for found, _text in refused(given)] == ["Subscription.channel.header[0]"]


def test_a_header_that_breaks_the_line_is_refused_and_not_repeated() -> None:
    given = subscription()
    given["channel"] = {**given["channel"], "header": ["X-A: s3cret\r\nX-B: 2"]}
    with pytest.raises(InvalidResource) as caught:
        read_terms(given, Policy())
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://ehr.example/hooks/a",
        "https://ehr.example:443/hooks/a?token=1",
        "https://EHR.example/hooks/",
    ],
)
def test_listed_endpoints_are_allowed(endpoint: str) -> None:
    assert refusal(endpoint, HOOKS) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://ehr.example/hooks/a",
        "https://ehr.example/other",
        "https://ehr.example/hooks",
        "https://ehr.example/hooks/../admin",
        "https://ehr.example/hooks/%2e%2e/admin",
        "https://ehr.example/hooks/.%2E/admin",
        "https://ehr.example/hooks/..%2fadmin",
        "https://ehr.example/hooks/..%5Cadmin",
        "https://ehr.example/hooks/..;x/admin",
        "https://ehr.example:0/hooks/a",
        "https://ehr.example:8443/hooks/a",
        "https://ehr.example.evil.example/hooks/a",
        "https://ehr.example@evil.example/hooks/a",
        "https://evil.example/hooks/a#https://ehr.example/hooks/",
        "https://evil.example\\@ehr.example/hooks/a",
        "https://127.0.0.1/hooks/a",
        "https://localhost/hooks/a",
        "https://[::1]/hooks/a",
        "https://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "//ehr.example/hooks/a",
        "https://ehr.example:notaport/hooks/a",
        "https:///hooks/a",
        "https://ehr.example/hooks/a b",
    ],
)
def test_any_other_address_is_refused(endpoint: str) -> None:
    assert refusal(endpoint, HOOKS) is not None


def test_evaluation_sends_to_this_machine_only() -> None:
    assert refusal("http://127.0.0.1:8090/hook", Policy()) is None
    assert refusal("http://localhost:8090/hook", Policy()) is None
    assert refusal("http://10.0.0.5/hook", Policy()) is not None
    assert refusal("http://127.0.0.1.evil.example/hook", Policy()) is not None


@pytest.mark.parametrize("prefix", ["ehr.example/", "https://ehr.example", "https://h/x/?a=1"])
def test_a_prefix_is_a_folder(prefix: str) -> None:
    assert prefix_refusal(prefix, https_only=False) is not None


def test_a_prefix_is_https_in_production() -> None:
    assert prefix_refusal("http://ehr.example/hooks/", https_only=True) is not None
    assert prefix_refusal("http://ehr.example/hooks/", https_only=False) is None


@pytest.mark.parametrize(
    ("filter", "says_no"),
    [
        ("patient=Patient/p1", False),
        ("patient=p1", False),
        ("subject=Patient/p2,Patient/p1", False),
        ("patient=p2", True),
        ("code=4548-4&patient=Patient/p2", True),
        ("subject:Patient=p2", False),
        ("patient.name=x", False),
        ("patient=http://other.example/Patient/p2", False),
        ("code=other", False),
    ],
)
def test_a_look_at_the_bytes_says_no_only_where_it_is_sure(filter: str, says_no: bool) -> None:
    assert cannot_match((filter,), encode(hba1c("o1", "p1"))) == says_no


def test_production_takes_https_only_on_this_machine_too() -> None:
    production = Policy(loopback=True, https_only=True)
    assert refusal("http://127.0.0.1:9/hook", production) == "in production an endpoint is https"
    assert refusal("https://127.0.0.1:9/hook", production) is None


@pytest.mark.parametrize(
    "endpoint", ["https://user:pw@ehr.example/hooks/a", "https://ehr.example/hooks/a#b"]
)
def test_a_name_or_a_fragment_in_an_endpoint_is_refused(endpoint: str) -> None:
    """What readers of URLs read differently; and a password would be served to who reads it."""
    assert "user name and fragment" in str(refusal(endpoint, HOOKS))
