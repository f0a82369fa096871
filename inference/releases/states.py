"""In which state each version of a model is, and how it came there: pure rules over a list of acts.

A version that another replaced is retired; a rollback brings back the one that was active before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from inference.releases.refusal import ModelRefused

Act = Literal["state", "rollback"]
Key = tuple[str, str]


class State(StrEnum):
    """What a version of a model may do."""

    DRAFT = "draft"
    """Installed; not run."""
    SHADOW = "shadow"
    """Runs beside the active version; counted and logged, never shown."""
    ACTIVE = "active"
    """Speaks. One version of a model at most."""
    RESTRICTED = "restricted"
    """Answers only where somebody names it, never on a card."""
    RETIRED = "retired"
    """Not run; what it said can still be computed again."""


RUNNING: Final = frozenset({State.SHADOW, State.ACTIVE, State.RESTRICTED})

# No version speaks that never ran beside patients' records without being heard.
ALLOWED: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.DRAFT: frozenset({State.SHADOW, State.RESTRICTED, State.RETIRED}),
        State.SHADOW: frozenset({State.DRAFT, State.ACTIVE, State.RESTRICTED, State.RETIRED}),
        State.ACTIVE: frozenset({State.SHADOW, State.RESTRICTED, State.RETIRED}),
        State.RESTRICTED: frozenset({State.SHADOW, State.ACTIVE, State.RETIRED}),
        State.RETIRED: frozenset({State.DRAFT, State.SHADOW}),
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One act on one version: who did what, when and why.

    `digest` is the sha256 of the version's manifest; `replaces` the version that was active until
    then and is retired by this act.
    """

    at: str
    by: str
    why: str
    act: Act
    id: str
    version: str
    digest: str
    was: State
    state: State
    replaces: str | None = None


class Ledger:
    """What a list of acts comes to; it does not change, `after` gives the next one."""

    def __init__(self) -> None:
        self._states: dict[Key, State] = {}
        self._entries: dict[Key, Entry] = {}
        # Of each model the versions that were active, the newest last; it may still be active.
        self._line: dict[str, tuple[str, ...]] = {}
        self._decided: frozenset[str] = frozenset()
        self._digests: dict[Key, str] = {}

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Ledger":
        """Return what all acts come to; `ModelRefused` at the first that breaks a rule."""
        ledger = cls()
        for entry in entries:
            ledger = ledger.after(entry)
        return ledger

    def state(self, id: str, version: str, *, shipped: bool) -> State:
        """Return the state of a version; shipped models begin active, others as drafts.

        Once people have decided which version of a model is active, none begins so by itself.
        """
        known = self._states.get((id, version))
        if known is not None:
            return known
        return State.ACTIVE if shipped and id not in self._decided else State.DRAFT

    def entry(self, id: str, version: str) -> Entry | None:
        """Return the last act that changed the version's state, its replacement included."""
        return self._entries.get((id, version))

    def digest(self, id: str, version: str) -> str | None:
        """Return the sha256 of the manifest that people decided on, None where nobody did."""
        return self._digests.get((id, version))

    def running(self) -> tuple[Key, ...]:
        """Return every version that an act made run."""
        return tuple(key for key, state in self._states.items() if state in RUNNING)

    def active(self, id: str) -> str | None:
        """Return the version that an act made active and that still is."""
        line = self._line.get(id, ())
        return line[-1] if line and self._states.get((id, line[-1])) is State.ACTIVE else None

    def before(self, id: str) -> str | None:
        """Return the version to which a rollback leads, None where there is none."""
        line = self._line.get(id, ())
        earlier = line[:-1] if self.active(id) is not None else line
        return earlier[-1] if earlier else None

    def after(self, entry: Entry) -> "Ledger":
        """Return the ledger with one more act; `ModelRefused` where no rule allows it."""
        self._check(entry)
        key = (entry.id, entry.version)
        following = Ledger()
        following._states = self._states | {key: entry.state}
        following._entries = self._entries | {key: entry}
        if entry.replaces is not None:
            replaced = (entry.id, entry.replaces)
            following._states[replaced] = State.RETIRED
            following._entries[replaced] = entry
        following._digests = self._digests | {key: entry.digest}
        following._line = self._line | {entry.id: self._line_after(entry)}
        active = State.ACTIVE in (entry.was, entry.state)
        following._decided = self._decided | ({entry.id} if active else set())
        return following

    def _line_after(self, entry: Entry) -> tuple[str, ...]:
        line = self._line.get(entry.id, ())
        if entry.act == "rollback":
            return tuple(version for version in line if version != entry.replaces)
        others = tuple(version for version in line if version != entry.version)
        if entry.state is not State.ACTIVE:
            return others
        if entry.replaces is not None and entry.replaces not in others:
            others += (entry.replaces,)
        return (*others, entry.version)

    def _check(self, entry: Entry) -> None:
        known = self._states.get((entry.id, entry.version), entry.was)
        if known is not entry.was:
            raise _refused(entry, f"is {known}, not {entry.was}", f"当前为 {known}")
        if entry.state is State.ACTIVE:
            self._check_replaced(entry)
        elif entry.replaces is not None:
            raise _refused(entry, "replaces nothing", "未取代任何版本")
        if entry.act == "rollback":
            if (entry.version, entry.state) != (self.before(entry.id), State.ACTIVE):
                raise _refused(entry, "was not the version active before", "不是此前使用中的版本")
            return
        if entry.state not in ALLOWED[entry.was] and not self._for_good(entry):
            allowed = ", ".join(sorted(ALLOWED[entry.was]))
            raise _refused(
                entry,
                f"goes from {entry.was} to {allowed}, not to {entry.state}",
                f"可由 {entry.was} 转为 {allowed}，不能转为 {entry.state}",
            )

    def _for_good(self, entry: Entry) -> bool:
        """Say whether a version that was replaced is now retired by somebody's own decision."""
        retired = entry.state is entry.was is State.RETIRED
        return retired and entry.version in self._line.get(entry.id, ())

    def _check_replaced(self, entry: Entry) -> None:
        active = self.active(entry.id)
        if active is not None and entry.replaces != active:
            raise _refused(entry, f"would be active beside {active}", f"将与 {active} 同时使用")
        if entry.replaces is not None and active is None:
            known = self._states.get((entry.id, entry.replaces), State.ACTIVE)
            if known is not State.ACTIVE:
                raise _refused(
                    entry, f"{entry.replaces} is {known}", f"{entry.replaces} 为 {known}"
                )


def rolled_back(ledger: Ledger, entry: Entry) -> Entry:
    """Return the rollback of `entry.id`; its version, state and replacement are filled in."""
    before = ledger.before(entry.id)
    if before is None:
        raise ModelRefused(
            f"{entry.id}: no version was active before that could be brought back",
            f"{entry.id}：没有可恢复的此前使用版本",
        )
    return replace(
        entry,
        act="rollback",
        version=before,
        was=ledger.state(entry.id, before, shipped=False),
        state=State.ACTIVE,
        replaces=ledger.active(entry.id),
    )


def _refused(entry: Entry, en: str, zh: str) -> ModelRefused:
    named = f"{entry.id} {entry.version}"
    return ModelRefused(f"{named}: {en}", f"{named}：{zh}")
