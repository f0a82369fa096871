"""Releases of models made at test time: China-PAR with another baseline survival of men."""

import json
import math
import struct
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from inference import folders
from inference.contract import ModelDefinition
from inference.engine import Engine
from inference.registry import ModelRegistry, shipped_files
from inference.releases import handling, manifest, package, state_log
from inference.releases.shelf import ModelShelf
from inference.releases.states import Entry, Ledger, State, rolled_back
from inference.releases.trust import Trust

ID = "china-par"
CREATED = "2026-11-23T02:00:00+00:00"
_MEN = struct.pack("<d", math.log(0.9707))  # as the graph holds it, twice: untreated, treated


@cache
def shipped() -> ModelRegistry:
    return ModelRegistry.discover()


@cache
def files_of(version: str = "1.1.0", survival: float = 0.96, **changes) -> dict[str, bytes]:
    """Return the files of a release, unsigned; its worked examples are those of its own graph."""
    definition = replace(folders.definition("china_par"), version=version, **changes)
    files = shipped_files(definition, folders.path("china_par"))
    assert files[manifest.GRAPH].count(_MEN) == 2
    graph = files[manifest.GRAPH].replace(_MEN, struct.pack("<d", math.log(survival)))
    engine = Engine(graph, scales=[scale.id for scale in definition.scales])
    golden = json.loads(files[manifest.GOLDEN])
    for case in golden["cases"]:
        case["expected"] = {"ascvd": _estimate(engine, definition, case["inputs"])}
    own = {manifest.GRAPH: graph, manifest.GOLDEN: json.dumps(golden).encode()}
    return handling.make(definition, files | own, created=CREATED)


def _estimate(engine: Engine, definition: ModelDefinition, inputs: dict[str, float]) -> float:
    row = [float(inputs.get(spec.name, math.nan)) for spec in definition.inputs]
    return float(engine.run(np.array([row])).estimate[0, 0])


def put(folder: Path, version: str = "1.1.0", survival: float = 0.96, **changes) -> Path:
    """Write a release as one file into the folder of a shelf."""
    path = folder / f"{ID}-{version}.zip"
    package.write(path, files_of(version, survival, **changes))
    return path


def shelf(folder: Path, trust: Trust | None = None) -> ModelShelf:
    return ModelShelf(shipped(), folder, trust)


def decide(folder: Path, version: str, *states: str, id: str = ID, why: str = "a test") -> None:
    """Write acts into the log of states, as `attending models state` does."""
    digests = {m.definition.version: m.manifest_digest for m in shipped() if m.definition.id == id}
    for state in states:

        def act(ledger: Ledger, state: str = state) -> Entry:
            is_shipped = version in digests
            path = folder / f"{id}-{version}.zip"
            digest = (
                digests[version]
                if is_shipped
                else manifest.sha256(package.read(path)[manifest.MANIFEST])
            )
            active = ledger.active(id) or next(
                (v for v in digests if ledger.state(id, v, shipped=True) is State.ACTIVE), None
            )
            return Entry(
                at=CREATED,
                by="Dr Wu",
                why=why,
                act="state",
                id=id,
                version=version,
                digest=digest,
                was=ledger.state(id, version, shipped=is_shipped),
                state=State(state),
                replaces=active if state == "active" and active != version else None,
            )

        state_log.add(folder, act)


def roll_back(folder: Path, id: str = ID) -> Entry:
    blank = Entry(CREATED, "Dr Wu", "a test", "rollback", id, "", "0" * 64, State.RETIRED,
                  State.RETIRED)  # fmt: skip

    def act(ledger: Ledger) -> Entry:
        entry = rolled_back(ledger, blank)
        return replace(entry, digest=ledger.digest(id, entry.version) or _shipped_digest(id))

    return state_log.add(folder, act)


def _shipped_digest(id: str) -> str:
    model = shipped().get(id)
    assert model is not None
    return model.manifest_digest
