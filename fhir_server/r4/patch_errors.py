"""How a patch that cannot be carried out is refused.

RFC 5789, section 2.2: 400 for a patch document that is none, 409 where the state of the resource
does not allow it (an element that is not there), 422 where a well-formed patch cannot be carried
out on this content: a `test` that does not hold, a result that is no valid resource.
"""

from fhir_server.r4.outcome import BadRequest, FhirError, Issue


def malformed(text: str, where: str) -> BadRequest:
    """Return the refusal (400) of a patch document; `where` is the place in it."""
    return BadRequest("structure", f"{text} (at {where} of the patch)", where)


def conflict(text: str, where: str) -> FhirError:
    """Return the refusal (409) of an operation that the resource as it stands does not allow."""
    return FhirError(409, Issue("error", "conflict", f"{text} (at {where} of the patch)", (where,)))


def test_failed(text: str, where: str) -> FhirError:
    """Return the refusal (422) of a patch whose `test` does not hold; nothing is changed."""
    return FhirError(422, Issue("error", "conflict", f"{text} (at {where} of the patch)", (where,)))


def check_identity(before: dict[str, object], after: object) -> dict[str, object]:
    """Return `after` where it is the same resource; 422 where a patch changed id or type.

    R4 http.html#patch: a patch is an update of one resource; its identity is its address.
    """
    if isinstance(after, dict):
        for name in ("resourceType", "id"):
            if after.get(name) != before.get(name):
                text = f"A patch cannot change {name}; it is the resource's identity."
                where = f"{before.get('resourceType')}.{name}"
                raise FhirError(422, Issue("error", "business-rule", text, (where,)))
        return after
    text = "The patch leaves no JSON object; a resource is one."
    raise FhirError(422, Issue("error", "structure", text))
