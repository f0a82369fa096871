"""What an operator is refused, said in either language: what, where, and how to mend it."""

from collections.abc import Iterator
from contextlib import contextmanager

from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.text_catalogue import say
from inference.contract import Language


class Refused(FhirError):
    """An operator's wish that is not carried out; `key` names its text in the catalogue."""

    def __init__(self, status: int, code: str, key: str, **values: object) -> None:
        super().__init__(status, Issue("error", code, say("en", key, **values)))
        self.key = key
        self.values = values

    def said(self, language: Language) -> str:
        """Return the refusal in a language."""
        return say(language, self.key, **self.values)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Let what is refused inside be said in `language`."""
    try:
        yield
    except Refused as refused:
        issue = refused.issues[0]
        told = FhirError(refused.status, Issue("error", issue.code, refused.said(language)))
        raise told from refused
