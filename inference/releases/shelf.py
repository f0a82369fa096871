"""The models of now: what ships and what is installed, by the states that people gave them.

A server looks at the folder again and again; each look that finds a change ends in the exchange of
one pointer, so that who answers with the registry of a moment ends with it.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from inference.contract import Text
from inference.registry import LoadedModel, ModelRegistry
from inference.releases import assembly, shipping, state_log, stocktaking
from inference.releases.manifest import ATTRIBUTES, GOLDEN, GRAPH
from inference.releases.opening import Opened
from inference.releases.refusal import ModelRefused
from inference.releases.states import RUNNING, Key
from inference.releases.stock import Found, Stamp, Stock, paths, stamp_of
from inference.releases.trust import Trust
from inference.releases.view import Item, View

_LOG: Final = logging.getLogger(__name__)
_BESIDE: Final = (state_log.NAME, shipping.LIST, shipping.LIST_SIGNATURE)


class ModelShelf:
    """The shipped models and a folder of releases; safe to read from several threads.

    `ModelRefused` at the first look where the log of states is not whole, what ships is not what
    was signed, or an active version cannot run. Later, what cannot be taken is told in the log and
    in `view`, and what is in service stays.
    """

    def __init__(self, shipped: ModelRegistry, folder: Path, trust: Trust | None = None) -> None:
        self.folder: Final = folder
        self.trust: Final = trust or Trust()
        self.on_change: Callable[[View], None] = lambda _view: None
        self._shipped = {(m.definition.id, m.definition.version): m for m in shipped}
        self._stock = Stock(folder, self.trust)
        self._loaded: dict[Key, LoadedModel] = {}
        self._at_rest: dict[Key, LoadedModel] = {}
        self._lock = threading.Lock()
        self._stamp: tuple[Stamp, ...] | None = self._stamped()
        self._view = self._look(None)
        _tell(None, self._view)

    @property
    def current(self) -> ModelRegistry:
        """The registry of this moment; who answers takes it once."""
        return self._view.registry

    @property
    def view(self) -> View:
        """Every version with its state, and what cannot be taken."""
        return self._view

    def __iter__(self) -> Iterator[LoadedModel]:
        return iter(self.current)

    def get(self, model_id: str, version: str | None = None) -> LoadedModel | None:
        """Return the model that answers to a name now."""
        return self.current.get(model_id, version)

    def held(self, model_id: str, version: str) -> LoadedModel | None:
        """Return exactly that version, whatever its state, to compute what it said again."""
        key = (model_id, version)
        if (model := self._shipped.get(key) or self._loaded.get(key)) is not None:
            return model
        with self._lock:
            if key in self._at_rest:
                return self._at_rest[key]
            found = (each for each in self._stock.look() if each.refusal is None)
            release = next((each for each in found if (each.id, each.version) == key), None)
            if release is not None:
                # Kept until the folder changes: a card may be read often, and by anybody.
                self._at_rest[key] = _loaded(self._stock.open(release))
            return self._at_rest.get(key)

    def refresh(self) -> bool:
        """Look at the folder; return whether anything had changed."""
        with self._lock:
            stamp = self._stamped()
            if stamp == self._stamp:
                return False
            before = self._view
            try:
                view = self._look(before)
                self._stamp = stamp if not self._passing else None
            except ModelRefused as refused:
                view = replace(before, problems=(refused.said,))
                self._stamp = stamp
            except OSError as error:
                said = f"{self.folder}: {error}"
                view, self._stamp = replace(before, problems=(Text(said, said),)), None
            self._view = view
            _tell(before, view)
            self.on_change(view)
            return True

    def _stamped(self) -> tuple[Stamp, ...]:
        beside = (self.folder / name for name in _BESIDE)
        return tuple(stamp_of(path) for path in (*paths(self.folder), *beside))

    def _look(self, before: View | None) -> View:
        ledger = state_log.read(self.folder)
        digests = {key: model.manifest_digest for key, model in self._shipped.items()}
        shipping.check(self.folder, self.trust, digests)
        found = self._stock.look()
        self._passing = any(each.passing for each in found)
        items = stocktaking.items(self._shipped, found, ledger)
        releases = {each.path: each for each in found}
        loaded: dict[Key, LoadedModel] = {}
        tried = [self._try(item, releases, loaded) for item in items]
        view = assembly.view(tried, self._shipped | loaded, before)
        self._loaded, self._at_rest = loaded, {}
        return view

    def _try(self, item: Item, releases: dict[Path, Found], loaded: dict[Key, LoadedModel]) -> Item:
        """Load an installed version that is to run; return it with the reason where it cannot."""
        if item.path is None or item.refusal is not None or item.state not in RUNNING:
            return item
        key = (item.id, item.version)
        known = self._loaded.get(key)
        if known is None or known.manifest_digest != item.manifest_digest:
            try:
                known = _loaded(self._stock.open(releases[item.path]))
            except ModelRefused as refused:
                return replace(item, refusal=refused.said)
        loaded[key] = known
        return item


def _loaded(opened: Opened) -> LoadedModel:
    """Return a release ready to run: its session is made and its worked examples are repeated."""
    # The graph's bytes are not kept: the runtime has its own copy.
    beside = {name: opened.files[name] for name in (ATTRIBUTES, GOLDEN) if name in opened.files}
    model = LoadedModel(
        opened.definition,
        opened.graph_digest,
        opened.files[GRAPH],
        opened.files[GOLDEN],
        opened.manifest.digest,
        beside.get,
    )
    _ = model.engine
    return model


def _tell(before: View | None, view: View) -> None:
    """Log what is new: refusals, and versions that came into service or went out of it."""
    known = set(before.refusals) if before else set()
    for refusal in view.refusals:
        if refusal not in known:
            _LOG.error("model refused", extra={"reason": refusal.en})
    if before is None:
        return
    for model in set(view.registry.active) - set(before.registry.active):
        _LOG.warning("model in service", extra=_named(model))
    for model in set(before.registry.active) - set(view.registry.active):
        _LOG.warning("model out of service", extra=_named(model))


def _named(model: LoadedModel) -> dict[str, str]:
    definition = model.definition
    return {"model": definition.id, "version": definition.version, "digest": model.digest}
