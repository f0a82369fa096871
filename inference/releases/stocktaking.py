"""Every version with its state: from what ships, what is installed and what people decided."""

from collections.abc import Iterable, Iterator, Mapping

from inference.contract import Text
from inference.registry import LoadedModel
from inference.releases.states import Key, Ledger
from inference.releases.stock import Found
from inference.releases.view import Item

Shipped = Mapping[Key, LoadedModel]


def items(shipped: Shipped, found: Iterable[Found], ledger: Ledger) -> tuple[Item, ...]:
    """Return what ships, then what is installed, then what runs by decision and is not here."""
    listed = [_shipped(model, ledger) for model in shipped.values()]
    seen = set(shipped)
    for each in found:
        listed.append(_installed(each, ledger, seen))
        if each.refusal is None:
            seen.add((each.id, each.version))
    listed += _missing(ledger, {(item.id, item.version) for item in listed})
    return tuple(listed)


def _shipped(model: LoadedModel, ledger: Ledger) -> Item:
    id, version = model.definition.id, model.definition.version
    return Item(
        name=f"{id}-{version}",
        origin="shipped",
        id=id,
        version=version,
        state=ledger.state(id, version, shipped=True),
        definition=model.definition,
        digest=model.digest,
        manifest_digest=model.manifest_digest,
        entry=ledger.entry(id, version),
    )


def _installed(found: Found, ledger: Ledger, seen: set[Key]) -> Item:
    if found.refusal is not None:
        return Item(found.name, "installed", path=found.path, refusal=found.refusal)
    id, version = found.id, found.version
    return Item(
        name=found.name,
        origin="installed",
        id=id,
        version=version,
        state=ledger.state(id, version, shipped=False),
        definition=found.definition,
        path=found.path,
        digest=found.digest,
        manifest_digest=found.manifest_digest,
        signer=found.signer,
        entry=ledger.entry(id, version),
        refusal=_conflict(found, ledger, seen),
    )


def _conflict(found: Found, ledger: Ledger, seen: set[Key]) -> Text | None:
    if (found.id, found.version) in seen:
        return Text(
            f"{found.path}：{found.id} {found.version} 已存在（随软件发布或已安装）",
            f"{found.path}: {found.id} {found.version} is here already, shipped or installed",
        )
    decided = ledger.digest(found.id, found.version)
    if decided is not None and decided != found.manifest_digest:
        return Text(
            f"{found.path}：清单 sha256 为 {found.manifest_digest}，状态记录针对的是 {decided}",
            f"{found.path}: the manifest's sha256 is {found.manifest_digest}, what people decided "
            f"on was {decided}",
        )
    return None


def _missing(ledger: Ledger, here: set[Key]) -> Iterator[Item]:
    for id, version in ledger.running():
        if (id, version) not in here:
            state = ledger.state(id, version, shipped=False)
            yield Item(
                name=f"{id}-{version}",
                origin="installed",
                id=id,
                version=version,
                state=state,
                manifest_digest=ledger.digest(id, version) or "",
                entry=ledger.entry(id, version),
                refusal=Text(
                    f"{id} {version} 的状态为 {state}，但未找到完好的发布包",
                    f"{id} {version} is {state}, but no sound release of it is here",
                ),
            )
