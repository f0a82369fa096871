"""CodeSystem/$subsumes: http://hl7.org/fhir/R4/codesystem-operation-subsumes.html."""

from typing import Literal, TypeAlias

from fhir_server.r4.outcome import FhirError, Issue
from terminology.service.code_system import CodeSystem
from terminology.service.lookup import unknown_code

# http://hl7.org/fhir/R4/valueset-concept-subsumption-outcome.html
Outcome: TypeAlias = Literal["equivalent", "subsumes", "subsumed-by", "not-subsumed"]


def subsumes(system: CodeSystem, first: str, second: str) -> Outcome:
    """Return how the concept of `first` stands to that of `second`.

    FhirError 404 for a code that there is not; 422 where the hierarchy does not say what is what:
    that a part "is" its whole would be a wrong answer.
    """
    codes = []
    for code in (first, second):
        concept = system.get(code)
        if concept is None:
            raise FhirError(404, Issue("error", "not-found", unknown_code(system, code)))
        codes.append(concept.code)
    one, other = codes
    if one == other:
        return "equivalent"
    if not system.has_subsumption:
        text = (
            f"The hierarchy of {system.canonical} means {system.hierarchy!r}; "
            "of two different codes it does not say whether one is the other."
        )
        raise FhirError(422, Issue("error", "not-supported", text))
    if system.is_below(other, one):
        return "subsumes"
    if system.is_below(one, other):
        return "subsumed-by"
    if system.content == "fragment":
        text = (
            f"Of {system.canonical} only a part is here: that neither code stands above the other "
            "in it does not say that neither is a kind of the other. Load the code system."
        )
        raise FhirError(422, Issue("error", "incomplete", text))
    return "not-subsumed"
