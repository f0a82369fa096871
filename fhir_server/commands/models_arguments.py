"""The words of `attending models`, and which command they call."""

import argparse

from fhir_server.settings import Settings
from inference.releases.states import State


def add_tasks(models: argparse.ArgumentParser) -> None:
    """Add the tasks of `attending models`."""
    tasks = models.add_subparsers(dest="task", required=True, metavar="TASK")
    tasks.add_parser("list", help="list every version with its state, and what is refused")
    shown = tasks.add_parser("show", help="show one model: state, history, inputs, evidence")
    shown.add_argument("id", metavar="ID")
    shown.add_argument("version", metavar="VERSION", nargs="?", help="default: the one in service")
    shown.add_argument("--card", metavar="FILE", help="write its model card as an HTML page")
    checked = tasks.add_parser("verify", help="check signatures, sums, worked examples, precision")
    checked.add_argument("id", metavar="ID", nargs="?", help="default: every model")
    _add_releases(tasks)
    _add_keys(tasks)
    _add_states(tasks)


def _add_releases(tasks: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    exported = tasks.add_parser("export", help="write a model as a release")
    exported.add_argument("id", metavar="ID")
    exported.add_argument("version", metavar="VERSION", nargs="?")
    exported.add_argument("--to", required=True, metavar="FILE", help=".zip, else a folder")
    exported.add_argument("--sign", metavar="KEY", help="private key file")
    installed = tasks.add_parser("install", help="verify a release and put it on the shelf")
    installed.add_argument("file", metavar="FILE", help="zip or folder of a release")
    removed = tasks.add_parser("remove", help="take a release that does not run off the shelf")
    removed.add_argument("id", metavar="ID")
    removed.add_argument("version", metavar="VERSION")


def _add_keys(tasks: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    made = tasks.add_parser("keygen", help="make a key pair to sign releases with")
    made.add_argument("file", metavar="FILE", help="private key; FILE.pub is the public one")
    signed = tasks.add_parser("sign", help="sign a release")
    signed.add_argument("file", metavar="FILE", help="zip or folder of a release")
    signed.add_argument("--key", required=True, metavar="KEY", help="private key file")
    whole = tasks.add_parser("sign-shipped", help="sign the list of the models that ship")
    whole.add_argument("--key", required=True, metavar="KEY", help="private key file")


def _add_states(tasks: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    moved = tasks.add_parser("state", help="give a version another state")
    moved.add_argument("id", metavar="ID")
    moved.add_argument("version", metavar="VERSION")
    moved.add_argument("state", metavar="STATE", choices=[str(each) for each in State],
                       help=" | ".join(State))  # fmt: skip
    back = tasks.add_parser("rollback", help="bring back the version that was active before")
    back.add_argument("id", metavar="ID")
    for each in (moved, back):
        each.add_argument("--by", required=True, metavar="WHO", help="who decided")
        each.add_argument("--why", required=True, metavar="TEXT", help="the reason, in a line")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run a task of `attending models`."""
    # Imported where it is used: `attending --help` need not load the models.
    from fhir_server.commands import (  # noqa: PLC0415
        models_card,
        models_keys,
        models_releases,
        models_states,
        models_view,
    )

    tasks = {
        "list": models_view.list_models,
        "show": models_card.write if getattr(options, "card", None) else models_view.show,
        "verify": models_view.verify,
        "export": models_releases.export,
        "install": models_releases.install,
        "remove": models_releases.remove,
        "keygen": models_keys.keygen,
        "sign": models_keys.sign,
        "sign-shipped": models_keys.sign_shipped,
        "state": models_states.state,
        "rollback": models_states.rollback,
    }
    return models_view.answered(settings, lambda: tasks[options.task](settings, options))
