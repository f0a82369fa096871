"""The notice that every card carries: the decision is the physician's (standard, 4.5)."""

from dataclasses import dataclass
from typing import Final

from inference.contract import Language

_TEXTS: Final[dict[Language, str]] = {
    "zh-CN": (
        "本结果由人工智能辅助生成，仅供临床参考；最终诊断和治疗方案的决定权与责任属于执业医师。"
    ),
    "en": (
        "AI-assisted decision support, for reference only. The final diagnosis and treatment "
        "decision, and the responsibility for it, rest with the licensed physician."
    ),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice in one language; it has no other text, whoever makes it."""

    language: Language

    @property
    def text(self) -> str:
        """The wording of the notice."""
        return _TEXTS[self.language]
