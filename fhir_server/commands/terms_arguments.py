"""The words of `attending terms`, and which command they call."""

import argparse
from collections.abc import Mapping
from typing import Final

from fhir_server.commands import terms_map_arguments
from fhir_server.settings import Settings

_LOAD: Final = "load-"
# What each `load-*` reads, and the options that only it has.
_RELEASES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "snomed": ("load SNOMED CT: RF2 releases, an edition and its extensions", {}),
    "gps": ("load the SNOMED CT Global Patient Set: a table of codes and names, or RF2", {}),
    "loinc": ("load LOINC: the release zip or its folder", {}),
    "radlex": ("load RadLex: the OWL file or a CSV table", {}),
    "icd10": (
        "load ICD-10: the tabular XML or order file of ICD-10-CM, or a Chinese table",
        {"url": "url of the code system, of a table", "name": "its name, of a table"},
    ),
    "atc": ("load ATC: a CSV table", {}),
    "rxnorm": ("load RxNorm: the RRF files, zip or folder", {}),
}


def add_tasks(terms: argparse.ArgumentParser) -> None:
    """Add the tasks of `attending terms`."""
    tasks = terms.add_subparsers(dest="task", required=True, metavar="TASK")
    loaded = tasks.add_parser("load", help="store the terminology of published FHIR packages")
    loaded.add_argument("files", nargs="+", metavar="PACKAGE", help="a package file (.tgz) of R4")
    for kind, (help_, options) in _RELEASES.items():
        task = tasks.add_parser(f"{_LOAD}{kind}", help=help_)
        task.add_argument("files", nargs="+", metavar="FILE", help="as delivered: zip or folder")
        task.add_argument("--version", default="", help="where the files do not say it right")
        for name, told in options.items():
            task.add_argument(f"--{name}", default="", help=told)
    terms_map_arguments.add_steps(tasks.add_parser("map", help="map local codes to LOINC"))
    tasks.add_parser("list", help="list the releases that are loaded")
    removed = tasks.add_parser("remove", help="remove a release")
    removed.add_argument("release", metavar="URL|VERSION", help="as `terms list` shows it")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run a task of `attending terms`."""
    # Each is imported where it is used: the others' libraries need not load.
    if options.task == "load":
        from fhir_server.commands.terms_load import load as load_packages  # noqa: PLC0415

        return load_packages(settings, options.files)
    if options.task == "map":
        from fhir_server.commands.terms_map import run as run_map  # noqa: PLC0415

        return run_map(settings, options)
    from fhir_server.commands import terms_releases  # noqa: PLC0415

    if options.task == "list":
        return terms_releases.list_releases(settings)
    if options.task == "remove":
        return terms_releases.remove(settings, options.release)
    kind = options.task.removeprefix(_LOAD)
    own = {name: getattr(options, name) for name in _RELEASES[kind][1]}
    return terms_releases.load(settings, kind, options.files, options.version, own)
