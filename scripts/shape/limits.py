"""The shape that the code keeps: every limit and every named exception to one, in one place."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Importable rooms of the product, and the Python beside them.
ROOMS = ("fhir_server", "cds_hooks", "inference", "terminology", "security")
BESIDE = ("scripts", "benchmarks", "tests")

FILE_LINES_MEDIAN = 150
FILE_LINES_P90 = 400
FILE_LINES_MAX = 500
# Declarative tables: one row is one fact of a specification, and splitting would hide a gap.
TABLES: frozenset[str] = frozenset()

FUNCTION_LINES_P90 = 35
FUNCTION_LINES_MAX = 80
COMPLEXITY_MAX = 10

FAN_OUT_MAX = 15
# The one place that joins ports to adapters.
FAN_OUT_EXEMPT = frozenset({"fhir_server.wiring"})

# A broad `except` is right only where nothing above could answer: at the request boundary
# (the caller gets an OperationOutcome) and in the worker loops (the job's caller gets the error;
# of a notification it is logged, and it is sent again; of a bulk job it is logged, and its status
# says that it failed; a look at the models' folder is logged, and the next one comes).
REQUEST_BOUNDARY = frozenset({"fhir_server/rest/boundary.py"})
WORKER_LOOP = frozenset(
    {
        "fhir_server/store/writer.py",
        "fhir_server/subscriptions/courier.py",
        "fhir_server/jobs/runner.py",
        "fhir_server/models_in_service.py",
    }
)
# fhirpathpy raises plain Exception; the caller gets the reason as a warning issue.
FHIRPATH_LIBRARY = frozenset({"fhir_server/r4/profile_constraints.py"})
BROAD_EXCEPT_ALLOWED = REQUEST_BOUNDARY | WORKER_LOOP | FHIRPATH_LIBRARY

DUPLICATE_WINDOW = 6
DUPLICATE_SHARE_MAX = 0.05

DOCSTRING_SHARE_MIN = 0.90
