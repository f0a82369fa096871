"""R4's own rules within TestScript and TestReport, each with HL7's key and text."""

from collections.abc import Mapping

from fhir_server.r4.invariant_rules import (
    Invariant,
    JsonObject,
    any_of,
    at_most_one,
    count,
    either,
    has,
)


def _addressed(operation: JsonObject) -> bool:
    targets = sum(count(operation, name) for name in ("targetId", "url", "params"))
    free = ("capabilities", "search", "transaction", "history")
    return (
        has(operation, "sourceId") or targets == 1 or operation.get("type", {}).get("code") in free
    )


def _compares_whole(assertion: JsonObject) -> bool:
    return has(assertion, "compareToSourceId") == has(
        assertion, "compareToSourceExpression", "compareToSourcePath"
    )


_ONE_ASSERTION = at_most_one(
    *("contentType", "expression", "headerField", "minimumId", "navigationLinks", "path"),
    *("requestMethod", "resource", "responseCode", "response", "validateProfileId"),
)


def _assertion(single: str, compare: str, direction: str, place: str) -> tuple[Invariant, ...]:
    return (
        Invariant(
            single,
            f"Only a single assertion SHALL be present within {place} action assert element.",
            lambda node: has(node, "extension") or _ONE_ASSERTION(node),
        ),
        Invariant(
            compare,
            f"{place} action assert SHALL contain either compareToSourceId and "
            "compareToSourceExpression, compareToSourceId and compareToSourcePath or neither.",
            _compares_whole,
        ),
        Invariant(
            direction,
            f"{place} action assert response and responseCode SHALL be empty when direction equals "
            "request",
            lambda node: (
                node.get("direction") != "request" or not has(node, "response", "responseCode")
            ),
            "direction",
        ),
    )


def _operation(key: str, place: str) -> tuple[Invariant, ...]:
    text = f"{place} operation SHALL contain either sourceId or targetId or params or url."
    return (Invariant(key, text, _addressed),)


def _operation_or_assert(key: str, place: str) -> tuple[Invariant, ...]:
    text = f"{place} action SHALL contain either an operation or assert but not both."
    return (Invariant(key, text, either("operation", "assert")),)


TESTING_INVARIANTS: Mapping[str, tuple[Invariant, ...]] = {
    "TestReport.setup.action": _operation_or_assert("inv-1", "Setup"),
    "TestReport.test.action": _operation_or_assert("inv-2", "Test"),
    "TestScript.metadata.capability": (
        Invariant(
            "tst-4",
            "TestScript metadata capability SHALL contain required or validated or both.",
            any_of("required", "validated"),
        ),
    ),
    "TestScript.setup.action": _operation_or_assert("tst-1", "Setup"),
    "TestScript.setup.action.assert": _assertion("tst-5", "tst-10", "tst-12", "Setup"),
    "TestScript.setup.action.operation": _operation("tst-7", "Setup"),
    "TestScript.teardown.action.operation": _operation("tst-9", "Teardown"),
    "TestScript.test.action": _operation_or_assert("tst-2", "Test"),
    "TestScript.test.action.assert": _assertion("tst-6", "tst-11", "tst-13", "Test"),
    "TestScript.test.action.operation": _operation("tst-8", "Test"),
    "TestScript.variable": (
        Invariant(
            "tst-3",
            "Variable can only contain one of expression, headerField or path.",
            lambda node: not all(has(node, name) for name in ("expression", "headerField", "path")),
        ),
    ),
}
