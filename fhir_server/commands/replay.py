"""`attending replay ID`: compute a recorded prediction again."""

import sys

from cds_hooks.replay import ReplayRefused
from cds_hooks.replay import replay as compute_again
from fhir_server.commands.storage import StoreAbsent, reading
from fhir_server.models_in_service import open_shelf
from fhir_server.r4.codec import decode
from fhir_server.r4.outcome import FhirError
from fhir_server.settings import Settings
from fhir_server.store import provenance, resources
from fhir_server.text_catalogue import say
from inference.registry import ModelRefused


def replay(settings: Settings, assessment_id: str) -> int:
    """Print each outcome as recorded and as computed again; 0 where all are the same."""
    language = settings.language
    try:
        with reading(settings) as database:
            stored = database.read_now(
                lambda connection: resources.read(connection, "RiskAssessment", assessment_id)
            )
            proofs = database.read_now(
                lambda c: provenance.provenance_of(c, "RiskAssessment", assessment_id)
            )
        assessment = decode(stored.body)
        if not proofs:
            raise ReplayRefused("no Provenance names this RiskAssessment")
        replayed = compute_again(assessment, proofs[0], open_shelf(settings))
    except (FhirError, ModelRefused, ReplayRefused, StoreAbsent) as refused:
        print(say(language, "replay.refused", why=refused), file=sys.stderr)
        return 1
    model = assessment["method"]["coding"][0]
    named = f"{model['code']} {model['version']}"
    print(say(language, "replay.heading", id=assessment_id, model=named))
    for outcome in replayed:
        key = "replay.same" if outcome.same else "replay.different"
        print(
            say(
                language,
                key,
                outcome=outcome.outcome,
                recorded=repr(outcome.recorded),
                computed=repr(outcome.computed),
            )
        )
    return 0 if all(outcome.same for outcome in replayed) else 1
