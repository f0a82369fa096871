"""Character sets of HL7 table 0211: which are read, and bytes to text without a silent loss.

MSH-18 names the set of the message; its first repetition is the default one. A message is
decoded before it is split into fields: in GB18030 and Big5 the second byte of an ideograph may
be `|`, `^`, `~` or `\\`. Splitting into segments on bytes is safe: no byte of a character of
these sets is CR or LF.
"""

import re
from functools import lru_cache
from typing import Final

# Table 0211 names, and the spellings that senders use, without case, blanks and punctuation.
_CODECS: Final = {
    "ASCII": "ascii",
    "USASCII": "ascii",
    "UNICODEUTF8": "utf-8",
    "UTF8": "utf-8",
    "GB18030": "gb18030",
    "GB180302000": "gb18030",
    "GBK": "gbk",
    "GB2312": "gbk",  # GBK is its superset
    "BIG5": "big5",
    **{f"{prefix}8859{part}": f"iso8859-{part}" for prefix in ("", "ISO") for part in range(1, 10)},
    "885915": "iso8859-15",
    "ISO885915": "iso8859-15",
}
SUPPORTED: Final = "ASCII, 8859/1 to 8859/9, 8859/15, UNICODE UTF-8, GB18030, GBK, BIG-5"

_IDEOGRAPHIC: Final = frozenset({"gb18030", "gbk", "big5"})
_LATIN: Final = frozenset(f"iso8859-{part}" for part in (1, 2, 3, 4, 9, 15))
_NOT_ASCII_BYTE: Final = re.compile(rb"[\x80-\xff]")
_RUNS: Final = re.compile(rb"[\x80-\xff]+")
_C1: Final = re.compile(rb"[\x80-\x9f]")
_CJK: Final = re.compile("[\u3000-\u9fff\uff00-\uffef]")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


class WrongCharset(ValueError):
    """The bytes are not of the declared set; `offset` is the first byte that tells."""

    def __init__(self, codec: str, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.codec = codec
        self.offset = offset


@lru_cache(256)
def codec_of(name: str) -> str | None:
    """Return the Python codec of a table 0211 name, None where the set is not supported."""
    return _CODECS.get(re.sub(r"[^A-Z0-9]", "", name.upper()))


def check(raw: bytes, codec: str) -> None:
    """Refuse bytes that decode in `codec` and yet are plainly of another set: WrongCharset.

    ISO 8859 assigns no printable character to 0x80-0x9F; text of it is hardly ever valid UTF-8,
    and of a Latin part hardly ever made of nothing but ideographs of GB 2312. GB18030 and Big5
    accept most bytes; a whole message that is valid UTF-8 with ideographs only is UTF-8 (for
    genuine GBK text of three ideographs the odds are 3 in 100,000, of six below 1e-9). Where the
    guess is wrong the message is refused and seen; a name in wrong characters would not be.
    """
    found = _NOT_ASCII_BYTE.search(raw)
    if found is None:
        return
    if codec.startswith("iso8859"):
        control = _C1.search(raw)
        if control is not None:
            reason = "a byte that ISO 8859 leaves to controls"
            raise WrongCharset(codec, control.start(), reason)
        if _decodes(raw, "utf-8") is not None:
            raise WrongCharset(codec, found.start(), "the bytes are UTF-8")
        if codec in _LATIN and _is_gb2312(raw):
            raise WrongCharset(codec, found.start(), "the bytes are GB 2312, GBK or GB18030")
    elif codec in _IDEOGRAPHIC and _is_utf8(raw):
        raise WrongCharset(codec, found.start(), "the bytes are UTF-8")


def decode(raw: bytes, codec: str) -> str:
    """Return the text of `raw`; WrongCharset with the offset where it is not of the set."""
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise WrongCharset(codec, error.start, "a byte sequence that the set has not") from None


def _decodes(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_utf8(raw: bytes) -> bool:
    text = _decodes(raw, "utf-8")
    if text is None:
        return False
    ideographs = len(_CJK.findall(text))
    return ideographs >= 2 and ideographs * 2 > len(_NOT_ASCII.findall(text))


def _is_gb2312(raw: bytes) -> bool:
    """Whether all that is not ASCII are two or more different ideographs of GB 2312.

    They take two bytes each, so that in Latin text accented letters would have to come in pairs.
    """
    runs = b"".join(_RUNS.findall(raw))
    pairs = {runs[at : at + 2] for at in range(0, len(runs), 2)}
    return (
        len(pairs) >= 2
        and all(len(run) % 2 == 0 for run in _RUNS.findall(raw))
        and _decodes(runs, "gb2312") is not None
    )
