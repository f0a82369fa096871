"""Imports point down only: .importlinter holds, names every module, and would notice a breach."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter import api
from importlinter.application import use_cases

from scripts.shape import limits

CONTRACTS = limits.ROOT / ".importlinter"


def test_every_contract_holds() -> None:
    """One report over the tree as it stands."""
    assert api.read_configuration(str(CONTRACTS))["contracts_options"]
    assert use_cases.lint_imports(str(CONTRACTS), cache_dir=None), "run make lint to see why"


def test_every_module_and_room_has_its_layer() -> None:
    """A new module or room of fhir_server is placed on purpose, never left out of the layers."""
    layers = next(
        contract["layers"]
        for contract in api.read_configuration(str(CONTRACTS))["contracts_options"]
        if contract["type"] == "layers"
    )
    placed = set(re.findall(r"[\w.]+", str(layers)))
    there = {
        f"fhir_server.{path.stem}"
        for path in (limits.ROOT / "fhir_server").iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or (path / "__init__.py").exists())
    } | (set(limits.ROOMS) - {"fhir_server"})
    assert there <= placed


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("terminology/planted.py", "import cds_hooks.planted", "Imports point down only"),
        ("security/planted.py", "import terminology.codings", "Imports point down only"),
        ("fhir_server/r4/planted.py", "import httpx", "No web, database or OAuth library"),
        ("cds_hooks/services/planted.py", "import sqlalchemy", "No web, database or OAuth library"),
        ("inference/planted.py", "import torch", "Serving needs neither torch nor onnx"),
        ("inference/planted.py", "import inference.build", "Nothing that serves imports"),
        (
            "inference/models/china_par/planted.py",
            "import inference.models.ckd_epi_2021.definition",
            "A model is one folder",
        ),
        ("fhir_server/store/planted.py", "import fhir_server.settings", "The store takes values"),
    ],
)
def test_a_breach_is_noticed(tmp_path: Path, module: str, line: str, contract: str) -> None:
    """A copy of the product with one planted import fails, by the name of the contract."""
    for room in limits.ROOMS:
        shutil.copytree(
            limits.ROOT / room,
            tmp_path / room,
            ignore=lambda _, names: [
                name for name in names if Path(name).suffix in {".pyc", ".gz"}
            ],
        )
    (tmp_path / "cds_hooks/planted.py").touch()
    (tmp_path / module).write_text(line + "\n")

    ran = subprocess.run(
        [sys.executable, "-c", _LINT, str(CONTRACTS)],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )

    broken = [line for line in ran.stdout.splitlines() if " BROKEN" in line]
    assert len(broken) == 1, ran.stdout + ran.stderr
    assert contract in broken[0]


# What the command lint-imports does, by the interpreter that runs the tests.
_LINT = """
import sys
sys.path.insert(0, "")
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))
"""
