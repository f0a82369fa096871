"""R4's Patient compartment: which references place a resource in a patient's record.

Source: http://hl7.org/fhir/R4/compartmentdefinition-patient.html.
"""

from fhir_server.r4.search_table import parameters_of, patient_compartment


def patient_parameters(type: str) -> tuple[str, ...]:
    """Return the reference parameters of `type` that name the patient whose record it is in.

    A resource is in the compartment where one of them refers to the Patient; a Patient is in its
    own besides. () where the type is outside the compartment, KeyError where R4 has no such type.
    """
    parameters_of(type)
    return patient_compartment().get(type, ())
