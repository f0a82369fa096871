"""Every check of a model as a row of its own, for people who must see that it was made."""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from inference import folders
from inference.contract import ModelDefinition, Text
from inference.registry import shipped_files
from inference.releases import (
    coherence,
    definition_json,
    manifest,
    package,
    self_test,
    shipping,
    state_log,
)
from inference.releases.opening import check_attributes, verified
from inference.releases.precision import single_precision
from inference.releases.refusal import ModelRefused
from inference.releases.trust import Trust
from inference.releases.view import Item

Check = Literal["signature", "sha256", "definition", "attributes", "self-test", "float64", "states"]


_BEFORE = Text(
    "发布包早于来源属性文件；模型卡写明“未知”",
    "the release is from before source attributes; the model card says so",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One check; `passed` is None where it could not be made, and `said` says why."""

    name: str
    check: Check
    passed: bool | None
    said: Text


def shipped(names: Iterator[str], folder: Path, trust: Trust) -> Iterator[Row]:
    """Check the models that ship, and the signed list of them where there is one."""
    digests = {}
    for name in names:
        definition, place = folders.definition(name), folders.path(name)
        label = f"{definition.id}-{definition.version}"
        files = shipped_files(definition, place)
        yield _row(label, "sha256", partial(_sums, definition, place, files))
        yield _attributes(label, files)
        yield from _graph_rows(label, definition, files)
        found = manifest.describe(definition.id, definition.version, files)
        digests[definition.id, definition.version] = found.digest

    def listed() -> Text:
        if shipping.check(folder, trust, digests):
            return Text("已签名清单与随软件发布的模型一致", "the signed list names exactly these")
        return Text("未要求签名", "no signature over them is asked for")

    yield _row("shipped", "signature", listed)


def release(path: Path, trust: Trust) -> Iterator[Row]:
    """Check one release; what a fault makes impossible is not tried."""
    label = path.name.removesuffix(package.SUFFIX)
    try:
        files = package.read(path)
        sums = verified(files, where=str(path))
        if sums.name != label:
            raise ModelRefused(f"{path}: holds {sums.name}", f"{path}：内容为 {sums.name}")
    except ModelRefused as refused:
        yield Row(label, "sha256", False, refused.said)
        return
    yield Row(label, "sha256", True, _count(sums.files))
    yield _row(label, "signature", lambda: _signed(files, trust, str(path)))
    try:
        where = f"{path}/{manifest.DEFINITION}"
        definition = definition_json.decode(files[manifest.DEFINITION], where=where)
        manifest.check_named(sums, definition.id, definition.version, where=str(path))
        coherence.check(definition, where=where)
    except ModelRefused as refused:
        yield Row(label, "definition", False, refused.said)
        return
    yield Row(label, "definition", True, Text("", ""))
    yield _attributes(label, files)
    yield from _graph_rows(label, definition, files)


def states(take_stock: Callable[[], Iterable[Item]], folder: Path) -> Iterator[Row]:
    """Check the log of states, and that what it says runs is here in the bytes decided on."""
    try:
        held = list(take_stock())
        count = len(state_log.history(folder))
    except ModelRefused as refused:
        yield Row("states", "states", False, refused.said)
        return
    yield Row("states", "states", True, Text(f"{count} 条记录完整", f"{count} acts, all whole"))
    for item in held:
        if item.refusal is not None and item.state is not None:
            yield Row(item.name, "states", False, item.refusal)


def float64(graph: bytes) -> Text | None:
    """Return why a graph was not looked at; `ModelRefused` where it holds single precision."""
    if importlib.util.find_spec("onnx") is None:
        return Text(
            "未检查：此环境没有安装 onnx（extra: train）",
            "not checked: onnx is not installed here (extra: train)",
        )
    # By name: serving needs no onnx, and must not seem to.
    onnx = importlib.import_module("onnx")
    fault = single_precision(onnx.load_from_string(graph))
    if fault is not None:
        raise ModelRefused(f"less than double precision: {fault}", f"精度低于 float64：{fault}")
    return None


def _attributes(label: str, files: Mapping[str, bytes]) -> Row:
    """Check what a model card needs; a release from before it is told of, not refused."""
    try:
        present = check_attributes(files, where=label)
    except ModelRefused as refused:
        return Row(label, "attributes", False, refused.said)
    return Row(label, "attributes", present or None, Text("", "") if present else _BEFORE)


def _graph_rows(
    label: str, definition: ModelDefinition, files: Mapping[str, bytes]
) -> Iterator[Row]:
    graph, golden = files[manifest.GRAPH], files[manifest.GOLDEN]

    def tested() -> Text:
        self_test.tested_engine(definition, graph, golden)
        count = len(self_test.golden_cases(golden))
        return Text(f"{count} 个算例一致", f"{count} worked examples are repeated")

    yield _row(label, "self-test", tested)
    try:
        skipped = float64(graph)
    except ModelRefused as refused:
        yield Row(label, "float64", False, refused.said)
    else:
        yield Row(label, "float64", True if skipped is None else None, skipped or Text("", ""))


def _sums(definition: ModelDefinition, place: Path, files: Mapping[str, bytes]) -> Text:
    where = str(place)
    written = (place / manifest.MANIFEST).read_bytes()
    found = manifest.parse(written, where=f"{where}/{manifest.MANIFEST}")
    manifest.check_named(found, definition.id, definition.version, where=where)
    manifest.check_sums(found, files, where=where)
    return _count(found.files)


def _signed(files: Mapping[str, bytes], trust: Trust, where: str) -> Text:
    signature = files.get(manifest.SIGNATURE)
    signer = trust.signer(files[manifest.MANIFEST], signature, where=where)
    if signer is None:
        return Text("没有签名（此处不要求）", "not signed (not demanded here)")
    if not signer.trusted:
        return Text(
            f"密钥 {signer.key} 未知，签名未核对（此处不要求）",
            f"the key {signer.key} is not known, nothing was checked (not demanded here)",
        )
    return Text(f"密钥 {signer.key}", f"key {signer.key}")


def _count(files: Mapping[str, str]) -> Text:
    names = ", ".join(sorted(files))
    return Text(f"{len(files)} 个文件：{names}", f"{len(files)} files: {names}")


def _row(name: str, check: Check, look: Callable[[], Text]) -> Row:
    try:
        return Row(name, check, True, look())
    except ModelRefused as refused:
        return Row(name, check, False, refused.said)
