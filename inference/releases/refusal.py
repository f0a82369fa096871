"""Why a model, or what is said about it, is not taken."""

from inference.contract import Text


class ModelRefused(RuntimeError):
    """A model that must not be served; the text says which and why, `said` in both languages."""

    def __init__(self, en: str, zh: str = "") -> None:
        super().__init__(en)
        self.said = Text(zh or en, en)
