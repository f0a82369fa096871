"""What a definition from outside must keep to, so that nothing of it can fail or mislead later."""

from collections.abc import Iterator
from functools import cache

from inference.contract import InputSpec, ModelDefinition, WhenAbsent
from inference.features.resolvers import FLAGS
from inference.releases.refusal import ModelRefused
from terminology import catalogue


def check(definition: ModelDefinition, *, where: str) -> None:
    """Raise `ModelRefused` with the first rule that the definition breaks."""
    for en, zh in _faults(definition):
        raise ModelRefused(f"{where}: {en}", f"{where}：{zh}")


def _faults(definition: ModelDefinition) -> Iterator[tuple[str, str]]:
    names = [spec.name for spec in definition.inputs]
    outcomes = {outcome.id for outcome in definition.outcomes}
    if not names or len(set(names)) != len(names):
        yield "an input is said twice, or there is none", "输入项重复或缺失"
    if not outcomes or len(outcomes) != len(definition.outcomes):
        yield "an outcome is said twice, or there is none", "结局重复或缺失"
    if len({scale.id for scale in definition.scales}) != len(definition.scales):
        yield "a scale is said twice", "分级重复"
    if "*" not in {entry.region for entry in definition.evidence}:
        yield "no evidence is said for any other region (*)", "缺少其他地区（*）的证据说明"
    for exclusion in definition.exclusions:
        if exclusion.flag not in FLAGS:
            yield _cannot_tell(exclusion.flag)
    yield from _faults_of_voice(definition)
    for spec in definition.inputs:
        yield from _faults_of(spec, outcomes)


def _cannot_tell(flag: str) -> tuple[str, str]:
    return f"this server cannot tell {flag!r} of a patient", f"本服务器无法判断患者的 {flag!r}"


def _faults_of_voice(definition: ModelDefinition) -> Iterator[tuple[str, str]]:
    if (definition.speaks is None) == (definition.on_request is None):
        yield (
            "it either speaks unasked or says why it answers on request only",
            "模型须要么主动回答，要么说明为何仅在点名时回答",
        )
    for name in definition.speaks.when if definition.speaks else ():
        if name not in FLAGS:
            yield _cannot_tell(name)


def _faults_of(spec: InputSpec, outcomes: set[str]) -> Iterator[tuple[str, str]]:
    if not spec.low < spec.high:
        yield f"{spec.name}: low is not below high", f"{spec.name}：下限不低于上限"
    if spec.when_absent is WhenAbsent.SPAN and spec.assumed not in spec.span:
        yield f"{spec.name}: what is assumed is not in the span", f"{spec.name}：假定值不在取值内"
    if not set(spec.needed_for) <= outcomes:
        yield f"{spec.name}: is needed for no outcome of it", f"{spec.name}：所需结局不存在"
    if spec.feature not in _readable():
        yield (
            f"this server cannot read {spec.feature!r} from a record",
            f"本服务器无法从病历读取 {spec.feature!r}",
        )


@cache
def _readable() -> frozenset[str]:
    analytes = {analyte.id for analyte in catalogue.load().analytes}
    return frozenset(FLAGS) | analytes
