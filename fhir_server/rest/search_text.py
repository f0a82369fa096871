"""Search values as text: escapes, and the refusal that names what cannot be read."""

import re

from fhir_server.r4.outcome import BadRequest


def split(text: str, separator: str) -> list[str]:
    """Return the parts of `text`; a separator after a backslash is text (R4 search.html#escaping).

    The parts keep their backslashes: `unescape` takes them off the last parts.
    """
    if "\\" not in text:
        return text.split(separator)
    parts = [""]
    escaped = False
    for char in text:
        if char == separator and not escaped:
            parts.append("")
        else:
            parts[-1] += char
        escaped = char == "\\" and not escaped
    return parts


def unescape(text: str) -> str:
    r"""Return `text` with `\,`, `\|`, `\$` and `\\` as the characters that they stand for."""
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text


def refused(name: str, value: str, why: str) -> BadRequest:
    """Return the refusal of a value, with the parameter and how to mend it."""
    return BadRequest("value", f"{name}={value[:100]}: {why}.")
