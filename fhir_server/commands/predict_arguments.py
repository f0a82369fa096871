"""The words of `attending predict`."""

import argparse

from fhir_server.settings import Settings


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    predict = commands.add_parser("predict", help="score a file of patients with one model")
    predict.add_argument("model", metavar="MODEL", help="id of the model")
    predict.add_argument(
        "file",
        metavar="FILE",
        help="CSV or Parquet, a column for each input with its unit; or NDJSON, a patient a line",
    )
    predict.add_argument("--output", help="new file for the results; beside FILE where not named")
    predict.add_argument("--refused", help="new file for what was refused (NDJSON)")
    predict.add_argument("--units", help="JSON that names the unit of each column (tables)")
    predict.add_argument("--id", help="a column that is carried along (tables)")
    predict.add_argument(
        "--nobody-has",
        action="append",
        default=[],
        metavar="STATE",
        help="a state that nobody in the file has, such as prior_cvd; repeatable (tables)",
    )
    predict.add_argument(
        "--stamp", action="store_true", help="model, version and digest as columns too (tables)"
    )
    predict.add_argument(
        "--complete",
        action="append",
        default=[],
        choices=("conditions", "medications"),
        help="these lists of every Bundle are complete; repeatable (NDJSON)",
    )
    predict.add_argument(
        "--impute",
        action="store_true",
        help="take up to two values that were not measured from a survey's distribution, marked "
        "as imputed (NDJSON)",
    )
    predict.add_argument("--at", help="the instant for which to predict; default: now (NDJSON)")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run the command."""
    # Imported here: the others need not load numpy and the models.
    from fhir_server.commands.predict import predict  # noqa: PLC0415

    return predict(settings, options)
