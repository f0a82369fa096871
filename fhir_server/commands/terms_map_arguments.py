"""The words of `attending terms map`."""

import argparse


def add_steps(task: argparse.ArgumentParser) -> None:
    """Add the steps of `attending terms map`."""
    steps_of = task.add_subparsers(dest="step", required=True, metavar="STEP")
    suggested = steps_of.add_parser("suggest", help="rank LOINC codes for a dictionary of codes")
    suggested.add_argument("file", metavar="FILE", help="the laboratory's dictionary (CSV)")
    suggested.add_argument("--output", required=True, metavar="FOLDER", help="new or empty")
    suggested.add_argument(
        "--pool",
        action="append",
        default=[],
        metavar="PATH",
        help="a LOINC release (zip or folder) or a table of codes (CSV); repeatable",
    )
    suggested.add_argument("--system", default="", help="URI of the codes, where no column has it")
    suggested.add_argument("--charset", help="UTF-8 or GB18030; default: found out and told")
    accepted = steps_of.add_parser("accept", help="make a ConceptMap of a reviewed list")
    accepted.add_argument("file", metavar="REVIEW", help="review.csv with LOINC codes filled in")
    accepted.add_argument("--by", required=True, help="who confirmed them; kept with each")
    accepted.add_argument("--output", metavar="FILE", help="default: reviewed.json beside REVIEW")
