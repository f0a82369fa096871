"""The registry of a moment, made of verified versions by their states."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from inference.contract import Text
from inference.registry import LoadedModel, ModelRegistry
from inference.releases.refusal import ModelRefused
from inference.releases.states import Key, State
from inference.releases.view import Item, View


def view(items: Sequence[Item], models: Mapping[Key, LoadedModel], before: View | None) -> View:
    """Return the moment: of each id the active version that is sound, else the one in service.

    `models` holds every version that can run. `ModelRefused` where an active version is not among
    them and none of its id is in service: its silence would look like nothing to say.
    """
    chosen = _chosen(items, models, before)
    of_state = {
        state: [
            models[item.id, item.version]
            for item in items
            if item.state is state and item.refusal is None and (item.id, item.version) in models
        ]
        for state in (State.RESTRICTED, State.SHADOW)
    }
    registry = ModelRegistry(
        chosen.values(), restricted=of_state[State.RESTRICTED], shadows=of_state[State.SHADOW]
    )
    running = {(m.definition.id, m.definition.version) for m in (*registry, *registry.shadows)}
    listed = [
        replace(item, serving=(item.id, item.version) in running and item.id != "")
        for item in items
    ]
    return View(registry, tuple(listed), tuple(_silent(items, chosen)))


def _chosen(
    items: Sequence[Item], models: Mapping[Key, LoadedModel], before: View | None
) -> dict[str, LoadedModel]:
    chosen: dict[str, LoadedModel] = {}
    for item in _in_order(items):
        if item.state is not State.ACTIVE:
            continue
        model = models.get((item.id, item.version)) if item.refusal is None else None
        if model is None:
            model = _in_service(before, item.id)
        if model is None:
            why = item.refusal or Text(f"{item.name} 无法运行", f"{item.name} cannot be run")
            raise ModelRefused(
                f"{why.en}; it is the active version: put it back, "
                f"`attending models rollback {item.id}`, or give it another state",
                f"{why.zh}；该版本正在使用：请恢复文件、执行 "
                f"`attending models rollback {item.id}`，或更改其状态",
            )
        chosen[item.id] = model
    return chosen


def _in_order(items: Sequence[Item]) -> list[Item]:
    """A version stands where the shipped version of its id stands, new ids follow by name."""
    shipped = [item.id for item in items if item.origin == "shipped"]
    place = {id: position for position, id in enumerate(shipped)}
    return sorted(items, key=lambda item: (place.get(item.id, len(place)), item.id))


def _in_service(before: View | None, id: str) -> LoadedModel | None:
    if before is None:
        return None
    return next((m for m in before.registry.active if m.definition.id == id), None)


def _silent(items: Sequence[Item], chosen: Mapping[str, LoadedModel]) -> list[Text]:
    """Tell which models have versions and none that is active or that somebody restricted."""
    decided = {item.id for item in items if item.state in (State.ACTIVE, State.RESTRICTED)}
    shipped = {item.id for item in items if item.origin == "shipped" and item.state is State.DRAFT}
    return [
        Text(
            f"{id}：没有使用中的版本；随软件发布的新版本为草稿，等待决定",
            f"{id}: no version is active; the one that ships now is a draft that waits for a "
            "decision",
        )
        for id in sorted(shipped - decided - chosen.keys())
    ]
