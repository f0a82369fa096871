"""Any one changed byte of a release is refused; no sequence of decisions leads to two voices."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from inference import folders
from inference.registry import ModelRefused, load
from inference.releases import definition_json, handling, manifest, package
from inference.releases.opening import open_release
from inference.releases.states import ALLOWED, Entry, Ledger, State, rolled_back
from inference.releases.trust import Trust
from security.signatures import generate, read_public
from tests.support.model_releases import files_of

ID = "china-par"
NAMES = (*sorted(files_of()), manifest.SIGNATURE)
examples = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

SHIPPED = (folders.GRAPH, folders.GOLDEN, folders.MANIFEST, folders.ATTRIBUTES)


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed")
    generate(folder / "key")
    files = handling.signed(files_of(), folder / "key", where="x")
    return files, Trust((read_public(folder / "key.pub"),), demanded=True)


def flipped(content: bytes, place: float, bit: int) -> bytes:
    at = min(int(place * len(content)), len(content) - 1)
    return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]


places = st.floats(0, 1)
bits = st.integers(0, 7)


def test_the_release_that_is_changed_below_is_taken_unchanged(signed, tmp_path):
    files, trust = signed
    package.write(tmp_path / "china-par-1.1.0.zip", files)
    assert open_release(tmp_path / "china-par-1.1.0.zip", trust).manifest.name == "china-par-1.1.0"


@examples
@given(st.sampled_from(NAMES), places, bits)
def test_one_flipped_bit_of_any_file_of_a_folder_is_refused(
    signed, tmp_path_factory, name, place, bit
):
    files, trust = signed
    path = tmp_path_factory.mktemp("folder") / "china-par-1.1.0"
    package.write(path, files | {name: flipped(files[name], place, bit)})
    with pytest.raises(ModelRefused):
        open_release(path, trust)


@examples
@given(places, bits)
def test_one_flipped_bit_of_a_zip_is_refused(signed, tmp_path, place, bit):
    files, trust = signed
    path = tmp_path / "china-par-1.1.0.zip"
    path.write_bytes(flipped(package.pack(files), place, bit))
    with pytest.raises(ModelRefused):
        open_release(path, trust)


@examples
@given(st.sampled_from(SHIPPED), places, bits)
def test_one_flipped_bit_of_a_shipped_file_is_refused(tmp_path, name, place, bit):
    source = folders.path("ckd_epi_2021")
    for each in SHIPPED:
        (tmp_path / each).write_bytes((source / each).read_bytes())
    (tmp_path / name).write_bytes(flipped((source / name).read_bytes(), place, bit))
    with pytest.raises(ModelRefused):
        load("ckd_epi_2021", tmp_path)


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=300)
@given(finite, finite, st.text(), st.lists(finite, max_size=3))
def test_any_definition_is_read_back_the_same(low, cv, words, span):
    definition = folders.definition("china_par")
    spec = replace(definition.inputs[2], low=low, cv=cv, span=tuple(span))
    own = replace(definition, licence=words.encode("utf-8", "replace").decode(), inputs=(spec,))
    written = definition_json.encode(own)
    assert definition_json.decode(written, where="x") == own
    assert json.loads(written)


class Decisions(RuleBasedStateMachine):
    """A hospital decides at random; a plain model of the rules says what must come out."""

    versions = ("1.0.0", "1.1.0", "1.2.0")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.states = {"1.0.0": State.ACTIVE, "1.1.0": State.DRAFT, "1.2.0": State.DRAFT}
        self.line = ["1.0.0"]
        self.entries: list[Entry] = []

    def _entry(self, version: str, state: State, **more) -> Entry:
        return Entry("t", "Dr Wu", "a test", more.get("act", "state"), ID, version, "0" * 64,
                     self.states[version], state, more.get("replaces"))  # fmt: skip

    def _active(self) -> str | None:
        return next((v for v, s in self.states.items() if s is State.ACTIVE), None)

    def _take(self, entry: Entry) -> None:
        self.ledger = self.ledger.after(entry)
        self.entries.append(entry)
        self.states[entry.version] = entry.state
        if entry.replaces:
            self.states[entry.replaces] = State.RETIRED

    @rule(version=st.sampled_from(versions), state=st.sampled_from(State))
    def decide(self, version: str, state: State) -> None:
        active = self._active() if state is State.ACTIVE else None
        replaces = active if active != version else None
        entry = self._entry(version, state, replaces=replaces)
        was = self.states[version]
        for_good = state is was is State.RETIRED and version in self.line and self.entries
        if state not in ALLOWED[was] and not for_good:
            with pytest.raises(ModelRefused):
                self.ledger.after(entry)
            return
        if replaces and replaces not in self.line:
            self.line.append(replaces)
        self._take(entry)
        self.line = [v for v in self.line if v != version]
        if state is State.ACTIVE:
            self.line.append(version)

    @precondition(lambda self: self.entries)
    @rule()
    def roll_back(self) -> None:
        earlier = [v for v in self.line if v != self._active()]
        blank = self._entry("1.0.0", State.RETIRED)
        if not earlier:
            with pytest.raises(ModelRefused):
                rolled_back(self.ledger, blank)
            return
        entry = rolled_back(self.ledger, blank)
        assert entry.version == earlier[-1]
        active = self._active()
        self._take(entry)
        self.line = [v for v in self.line if v != active]

    @invariant()
    def one_voice_at_most(self) -> None:
        states = {v: self.ledger.state(ID, v, shipped=v == "1.0.0") for v in self.versions}
        assert states == self.states
        assert list(states.values()).count(State.ACTIVE) <= 1

    @invariant()
    def the_same_acts_come_to_the_same(self) -> None:
        again = Ledger.of(self.entries)
        assert again.active(ID) == self.ledger.active(ID)
        assert again.before(ID) == self.ledger.before(ID)


TestDecisions = Decisions.TestCase
TestDecisions.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_the_path_of_a_release_is_no_way_out_of_the_folder(tmp_path: Path):
    with pytest.raises(ModelRefused, match="holds an id, a version"):
        manifest.describe("../x", "1.0.0", {})
    with pytest.raises(ModelRefused, match="holds an id, a version"):
        manifest.describe("x", "1/../..", {})
