"""The language in which the texts of an operation's answer are wanted."""

import re
from typing import Final

from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.rest.operations.call import Call

_TAG: Final = r"(?:\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)(?:\s*;\s*q\s*=\s*[01](?:\.\d{0,3})?)?"
_LANGUAGES: Final = re.compile(rf"\s*{_TAG}(?:\s*,\s*{_TAG})*\s*")


def asked_language(call: Call) -> str | None:
    """Return displayLanguage (BCP 47, or a list as of Accept-Language), else the header.

    FhirError 400 for a displayLanguage that is none: the texts would be in another.
    """
    text = call.text("displayLanguage")
    if not text:
        return call.request.headers.get("accept-language")
    if _LANGUAGES.fullmatch(text) is None:
        told = f"Invalid displayLanguage: '{text[:100]}'"
        hint = "(write a BCP 47 tag such as zh-CN, or several as in Accept-Language)"
        raise FhirError(400, Issue("error", "processing", told, kind="invalid-display", hint=hint))
    return text
