"""Why a file is not scored, as a code with values; the command line says it in both languages."""


class BatchRefused(ValueError):
    """A whole file is refused; `code` names a text of the command line's catalogue."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(f"{code}: {values}")
        self.code = code
        self.details = values
