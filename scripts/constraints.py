"""Write constraints.txt: one pin per distribution that the given environments hold.

Pins only: no address, no local version (`2.13.0+cpu` is `2.13.0`), no path.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HEADER = """\
# Pins of everything that run, test and train install; written by `make constraints`.
"""
# Part of an empty environment; setuptools is not named here, for it builds the product.
_TOOLS = {"pip", "wheel"}
_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[0-9][^+\s]*)(\+\S+)?")


class PinError(Exception):
    """An environment holds something that is no pin, or two hold different versions."""


def merged(freezes: Iterable[str]) -> dict[str, str]:
    """Return version by canonical name from the outputs of `pip freeze`; raise PinError."""
    pins: dict[str, str] = {}
    for line in (line for text in freezes for line in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        found = _PIN.fullmatch(line)
        if found is None:
            raise PinError(f"not a pin: {line!r}")
        name = re.sub(r"[-_.]+", "-", found["name"]).lower()
        if name in _TOOLS:
            continue
        if pins.setdefault(name, found["version"]) != found["version"]:
            raise PinError(f"{name}: both {pins[name]} and {found['version']} are installed")
    return pins


def frozen(python: str) -> str:
    """Return `pip freeze` of one environment, the build backend included."""
    command = [python, "-m", "pip", "freeze", "--all", "--exclude-editable"]
    command.append("--disable-pip-version-check")
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Freeze the environments named on the command line into one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("python", nargs="+", help="the interpreter of an environment")
    arguments = parser.parse_args()
    try:
        pins = merged(frozen(python) for python in arguments.python)
    except PinError as fault:
        sys.exit(str(fault))
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
    arguments.into.write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{arguments.into}: {len(lines)} pins")


if __name__ == "__main__":
    main()
