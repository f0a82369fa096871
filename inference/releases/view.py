"""What a shelf holds at one moment: every version with its state, and the registry made of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from inference.contract import ModelDefinition, Text
from inference.registry import ModelRegistry
from inference.releases.states import Entry, State
from inference.releases.trust import Signer

Origin = Literal["shipped", "installed"]


@dataclass(frozen=True, slots=True)
class Item:
    """One version of a model, or a release that is none.

    `refusal` says why it does not run as its state would have it; `state` is None where it is not
    even known which model it is. `serving` is whether this version runs all the same, as it was
    when it was last sound.
    """

    name: str
    origin: Origin
    id: str = ""
    version: str = ""
    state: State | None = None
    definition: ModelDefinition | None = None
    path: Path | None = None
    digest: str = ""
    manifest_digest: str = ""
    signer: Signer | None = None
    entry: Entry | None = None
    refusal: Text | None = None
    serving: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One moment of a shelf; `problems` are those of no single version."""

    registry: ModelRegistry
    items: tuple[Item, ...]
    problems: tuple[Text, ...] = ()

    @property
    def refusals(self) -> tuple[Text, ...]:
        """Everything that is not as it should be, in words."""
        refused = (item.refusal for item in self.items if item.refusal is not None)
        return (*self.problems, *refused)

    def items_of(self, id: str) -> tuple[Item, ...]:
        """Return the versions of one model."""
        return tuple(item for item in self.items if item.id == id)
