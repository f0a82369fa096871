"""The command line: `attending COMMAND`; one module of `fhir_server.commands` per command."""

import argparse
import gc
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from fhir_server.commands import (
    hl7v2_arguments,
    models_arguments,
    predict_arguments,
    terms_arguments,
)
from fhir_server.settings import PREFIX, Settings, SettingsRefused, unknown_variables
from fhir_server.text_catalogue import say


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every command."""
    parser = argparse.ArgumentParser(
        prog="attending",
        description="Clinical decision support that leaves the decision to the physician.",
        epilog=f"Settings are environment variables {PREFIX}*; see docs/reference/settings.md.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="start the server")
    demo = commands.add_parser("demo", help="run the whole story against a temporary server")
    demo.add_argument("--corpus", help="messages.jsonl.gz of real-world messages to send too")
    replay = commands.add_parser("replay", help="compute a recorded prediction again")
    replay.add_argument("id", help="id of the RiskAssessment")
    predict_arguments.add(commands)
    storage = commands.add_parser("storage", help="look after the database")
    chores = storage.add_subparsers(dest="task", required=True, metavar="TASK")
    chores.add_parser("reindex", help="index every resource anew")
    fhir = commands.add_parser("fhir", help="import and export NDJSON without HTTP")
    ways = fhir.add_subparsers(dest="task", required=True, metavar="TASK")
    taken = ways.add_parser("import", help="store every resource of NDJSON files")
    taken.add_argument("files", nargs="+", metavar="FILE", help="NDJSON, a resource on each line")
    given = ways.add_parser("export", help="write everything as NDJSON, a file for each type")
    given.add_argument("folder", help="folder that is new or empty")
    given.add_argument("--type", action="append", default=[], help="a resource type; repeatable")
    given.add_argument("--since", help="only what changed after this instant")
    terms = commands.add_parser("terms", help="look after terminology")
    terms_arguments.add_tasks(terms)
    models = commands.add_parser("models", help="look after the models: releases, keys, states")
    models_arguments.add_tasks(models)
    hl7v2 = commands.add_parser("hl7v2", help="look after HL7v2 messages")
    hl7v2_arguments.add_tasks(hl7v2)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 for success, 1 for a failed command, 2 for wrong words or settings."""
    options = build_parser().parse_args(arguments)
    try:
        settings = load_settings()
    except SettingsRefused as refused:
        print(say("zh-CN", "start.refused"), say("en", "start.refused"), sep="\n", file=sys.stderr)
        for problem in refused.problems:
            print(f"  {problem}", file=sys.stderr)
        return 2
    return _run(options, settings)


def _run(options: argparse.Namespace, settings: Settings) -> int:
    # Imported here: `attending --help` need not load the models.
    if options.command == "serve":
        # A thousand modules load now and stay: looking for garbage among them takes a tenth of the
        # start. `serve` turns the collector on again.
        gc.disable()
        from fhir_server.commands.serve import serve  # noqa: PLC0415

        return serve(settings)
    if options.command == "demo":
        from fhir_server.commands.demo import demo  # noqa: PLC0415

        return demo(settings.language, corpus=options.corpus)
    if options.command == "replay":
        from fhir_server.commands.replay import replay  # noqa: PLC0415

        return replay(settings, options.id)
    if options.command == "storage":
        from fhir_server.commands.storage import reindex  # noqa: PLC0415

        return reindex(settings)
    return _run_task(options, settings)


def _run_task(options: argparse.Namespace, settings: Settings) -> int:
    if options.command == "fhir" and options.task == "import":
        from fhir_server.commands.fhir_import import import_files  # noqa: PLC0415

        return import_files(settings, options.files)
    if options.command == "fhir":
        from fhir_server.commands.fhir_export import export_folder  # noqa: PLC0415

        return export_folder(settings, options.folder, options.type, options.since)
    if options.command == "predict":
        return predict_arguments.run(options, settings)
    if options.command == "terms":
        return terms_arguments.run(options, settings)
    if options.command == "models":
        return models_arguments.run(options, settings)
    return hl7v2_arguments.run(options, settings)


def load_settings() -> Settings:
    """Return the settings of the environment; `SettingsRefused` with every problem found."""
    problems = [
        say(language, "start.unknown-variable", name=name)
        for name in unknown_variables()
        for language in ("zh-CN", "en")
    ]
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [
            f"{PREFIX}{'.'.join(str(part) for part in found['loc']).upper()}: {found['msg']}"
            for found in error.errors(include_input=False)
        ]
        raise SettingsRefused(problems) from None
    if problems:
        raise SettingsRefused(problems)
    return settings


if __name__ == "__main__":
    sys.exit(main())
