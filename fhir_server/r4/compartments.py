"""R4's Patient compartment: which references place a resource in a patient's record.

Source: http://hl7.org/fhir/R4/compartmentdefinition-patient.html.
"""

from collections.abc import Collection

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.search_references import links
from fhir_server.r4.search_table import parameters_of, patient_compartment


def patient_parameters(type: str) -> tuple[str, ...]:
    """Return the reference parameters of `type` that name the patient whose record it is in.

    A resource is in the compartment where one of them refers to the Patient; a Patient is in its
    own besides. () where the type is outside the compartment, KeyError where R4 has no such type.
    """
    parameters_of(type)
    return patient_compartment().get(type, ())


def placing_parameters(type: str) -> tuple[str, ...]:
    """Return the parameters that say whose record a resource is, for who may see one record only.

    Stricter than the compartment: another Patient's `link` does not open that Patient. Wider: a
    Task or a Device belongs to the patient whom it names, though R4's compartment leaves it out.
    () where no parameter says so; then `is_shared` decides.
    """
    if type == "Patient":
        return ()
    return patient_parameters(type) or _NAMING_A_PATIENT.get(type, ())


def is_shared(type: str) -> bool:
    """Return whether resources of `type` are nobody's record: Organization, Medication, ValueSet.

    Of the types outside the compartment, those that may hold a patient's data without a parameter
    that says whose (Binary, Bundle, Parameters) are not shared, nor is Subscription, whose channel
    may hold credentials.
    """
    parameters_of(type)
    in_a_record = type == "Patient" or bool(placing_parameters(type))
    return not in_a_record and type not in _PERHAPS_OF_A_PATIENT


def is_record_of(
    resource: JsonObject, patients: Collection[str], *, base_url: str | None = None
) -> bool:
    """Return whether `resource`, a valid R4 record with an id, is in the record of one of them."""
    type = resource["resourceType"]
    if type == "Patient":
        return resource.get("id") in patients
    return any(
        link.type == "Patient" and link.id in patients
        for parameter in placing_parameters(type)
        for link in links(resource, parameter, base_url=base_url)
    )


_NAMING_A_PATIENT = {
    "Contract": ("patient", "signer"),
    "Device": ("patient",),
    "GuidanceResponse": ("patient",),
    "Task": ("patient",),
}
_PERHAPS_OF_A_PATIENT = frozenset(
    {
        "Binary", "BiologicallyDerivedProduct", "Bundle", "EnrollmentResponse", "Linkage",
        "MessageHeader", "OperationOutcome", "Parameters", "PaymentNotice",
        "PaymentReconciliation", "Subscription", "TestReport", "VerificationResult",
    }
)  # fmt: skip
