"""What people wrote of a model as JSON, in the form of `canonical_json`."""

from inference.contract import Text
from inference.releases import canonical_json
from inference.releases.refusal import ModelRefused
from inference.source_attributes import Statement, WrittenAttributes, statements

_WHAT = Text("模型来源属性", "list of source attributes")


def encode(written: WrittenAttributes) -> bytes:
    """Return the canonical JSON."""
    return canonical_json.encode(written)


def decode(written: bytes, *, where: str) -> WrittenAttributes:
    """Read the attributes; `ModelRefused` for another form, and where one of them says nothing."""
    found = canonical_json.decode(written, WrittenAttributes, what=_WHAT, where=where)
    for name, statement in statements(found).items():
        if not _says_something(statement):
            raise ModelRefused(
                f"{where}: {name} is empty; write why it is not known",
                f"{where}：{name} 为空；不知者须写明原因",
            )
    return found


def _says_something(statement: Statement) -> bool:
    said = (statement.text.zh, statement.text.en, *statement.sources)
    return all(each.strip() for each in said)
