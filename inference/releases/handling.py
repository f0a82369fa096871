"""What people do with releases: make one, sign it, install it, take it away."""

from collections.abc import Mapping
from pathlib import Path

from inference.contract import ModelDefinition
from inference.releases import manifest, package, self_test, state_log
from inference.releases.opening import Opened, open_release, verified
from inference.releases.refusal import ModelRefused
from inference.releases.states import RUNNING, Key
from inference.releases.trust import Trust


def make(
    definition: ModelDefinition, files: Mapping[str, bytes], *, created: str
) -> dict[str, bytes]:
    """Return the files of a release, not signed: `files` and the manifest of them."""
    found = manifest.describe(definition.id, definition.version, files, created=created)
    return dict(files) | {manifest.MANIFEST: found.render()}


def signed(files: Mapping[str, bytes], private_key: Path, *, where: str) -> dict[str, bytes]:
    """Return a release with a signature over its manifest; a broken release is not signed."""
    verified(files, where=where)
    return dict(files) | {manifest.SIGNATURE: signature(files[manifest.MANIFEST], private_key)}


def signature(message: bytes, private_key: Path) -> bytes:
    """Return the content of a signature file; `ModelRefused` where the key cannot be used."""
    from security.signatures import KeyRefused, sign  # noqa: PLC0415 (slow to load)

    try:
        return sign(message, private_key).render()
    except KeyRefused as refused:
        raise ModelRefused(str(refused)) from refused


def sign_in_place(path: Path, private_key: Path) -> None:
    """Sign a release, folder or zip, where it lies."""
    files = signed(package.read(path), private_key, where=str(path))
    if path.is_dir():
        package.replace(path / manifest.SIGNATURE, files[manifest.SIGNATURE])
    else:
        package.replace(path, package.pack(files))


def install(source: Path, folder: Path, trust: Trust, shipped: Mapping[Key, str]) -> Opened:
    """Put a verified and tested release into the folder as one file; it begins as a draft.

    `ModelRefused` where it is faulty, where its id and version are here already, or where people
    decided on other bytes of that name.
    """
    opened = open_release(source, trust)
    found, definition = opened.manifest, opened.definition
    graph, golden = opened.files[manifest.GRAPH], opened.files[manifest.GOLDEN]
    self_test.tested_engine(definition, graph, golden)
    if (found.id, found.version) in shipped:
        raise ModelRefused(
            f"{found.id} {found.version} ships with this server",
            f"{found.id} {found.version} 已随软件发布",
        )
    decided = state_log.read(folder).digest(found.id, found.version)
    if decided is not None and decided != found.digest:
        raise ModelRefused(
            f"{found.name}: the manifest's sha256 is {found.digest}, what people decided on was "
            f"{decided}; give it another version",
            f"{found.name}：清单 sha256 为 {found.digest}，状态记录针对的是 {decided}；"
            "请改用其他版本号",
        )
    for path in _places(folder, found.name):
        if path.exists():
            raise ModelRefused(f"{path}: is there already", f"{path}：已存在")
    package.write(folder / f"{found.name}{package.SUFFIX}", opened.files)
    return opened


def remove(folder: Path, id: str, version: str) -> Path:
    """Take a release out of the folder and return where it was; `ModelRefused` while it runs."""
    ledger = state_log.read(folder)
    state = ledger.state(id, version, shipped=False)
    if state in RUNNING:
        raise ModelRefused(
            f"{id} {version} is {state}; retire it first", f"{id} {version} 为 {state}；请先停用"
        )
    for path in _places(folder, f"{id}-{version}"):
        if path.exists():
            package.discard(path)
            return path
    raise ModelRefused(f"{id} {version}: is not installed", f"{id} {version}：未安装")


def _places(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / name, folder / f"{name}{package.SUFFIX}"
