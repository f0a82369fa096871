"""An ECL text as the parser reads it: a place in it, and the small things that stand there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn, TypeVar

from terminology.ecl.errors import INVALID, TOO_COSTLY, EclError
from terminology.ecl.syntax import Order

T = TypeVar("T")

# No constraint in use comes near either. A hostile text must be read in bounded time and stack.
LONGEST: Final = 10_000
DEEPEST: Final = 30

# ws of the ABNF: no other white space, a no-break space least of all. What is possessive gives
# nothing back, so that many comments are not taken apart in every possible way.
BLANKS: Final = r"(?>[ \t\r\n]+|/\*.*?\*/)*+"
_BLANK: Final = re.compile(BLANKS, re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_NAME: Final = re.compile(r"[A-Za-z]+")
_SCTID: Final = re.compile(r"[1-9][0-9]{5,17}(?![0-9])")
_NUMBER: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?![0-9.])")
_COUNT: Final = re.compile(r"(?:0|[1-9][0-9]{0,8})(?![0-9])")
_TERM: Final = re.compile(r"\|([^|]*)\|")
_QUOTED: Final = re.compile(r'"((?>[^"\\]+|\\.)*+)"', re.DOTALL)
# What brackets may stand in without being any; unclosed, it goes to the end of the text.
_NO_BRACKETS: Final = re.compile(
    r'/\*(?:.*?\*/|.*)|"(?>[^"\\]+|\\.)*+"?|\|[^|]*+\|?|[()]', re.DOTALL
)

# "<>" and "not =" are of the long syntax.
_ORDERS: Final = (
    (re.compile(rf"!=|<>|[Nn][Oo][Tt]{BLANKS}=", re.DOTALL), Order.NOT_EQUAL),
    (re.compile("<="), Order.AT_MOST),
    (re.compile(">="), Order.AT_LEAST),
    (re.compile("="), Order.EQUAL),
    (re.compile("<"), Order.LESS),
    (re.compile(">"), Order.GREATER),
)


class Reader:
    """A text and a place in it; what reads something moves the place behind it and the blanks."""

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self.at = 0
        self._depth = 0
        if len(text) > LONGEST:
            self.refuse(f"at most {LONGEST} characters are read", at=LONGEST, code=TOO_COSTLY)
        self._closing: Final = _brackets(text)
        self.skip()

    def refuse(self, reason: str, *, at: int | None = None, code: str = INVALID) -> NoReturn:
        """Raise EclError of this place, or of another."""
        raise EclError(self.text, self.at if at is None else at, reason, code)

    def skip(self) -> bool:
        """Pass blanks and comments; whether there were any."""
        match = _BLANK.match(self.text, self.at)
        before, self.at = self.at, match.end() if match else self.at
        if self.text.startswith("/*", self.at):
            self.refuse("a comment ends with */")
        return self.at > before

    def sees(self, *symbols: str) -> bool:
        """Whether one of the symbols stands here."""
        return self.text.startswith(symbols, self.at)

    def take(self, *symbols: str) -> str | None:
        """Read the first of the symbols that stands here."""
        for symbol in symbols:
            if self.text.startswith(symbol, self.at):
                self.at += len(symbol)
                self.skip()
                return symbol
        return None

    def need(self, symbol: str, expected: str | None = None) -> None:
        """Read a symbol that must stand here; `expected` says what else might."""
        if self.take(symbol) is None:
            self.refuse(f"{expected or symbol} is expected here")

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.at == len(self.text)

    def next_word(self) -> str:
        """Return the word that stands here, in lower case, without reading it; "" for none."""
        match = _WORD.match(self.text, self.at)
        return match[0].lower() if match else ""

    def take_word(self, *words: str) -> str | None:
        """Read a word if it is one of these, which are in lower case."""
        word = self.next_word()
        if word not in words:
            return None
        self.at += len(word)
        self.skip()
        return word

    def chosen(self, words: Mapping[str, T]) -> T:
        """Read one of the words and return what it stands for."""
        word = self.next_word()
        if word not in words:
            self.refuse(f"one of these is expected here: {', '.join(words)}")
        self.take_word(word)
        return words[word]

    def name(self) -> str:
        """Read the name of a field of a reference set."""
        return self._matched(_NAME, "the name of a field, of letters,")[0]

    def sctid(self) -> str:
        """Read an identifier, of 6 to 18 digits."""
        return self._matched(_SCTID, "an identifier of 6 to 18 digits that does not begin with 0")[
            0
        ]

    def sees_digit(self) -> bool:
        """Whether a digit stands here."""
        return self.text[self.at : self.at + 1] in tuple("0123456789")

    def number(self) -> float:
        """Read a number behind its #."""
        self.need("#")
        return float(self._matched(_NUMBER, "a number such as 5, -2 or 0.5")[0])

    def count(self) -> int:
        """Read a bound of a cardinality."""
        return int(self._matched(_COUNT, "a number of times")[0])

    def quoted(self) -> str:
        """Read a text in quotation marks, its escapes left as they are."""
        return self._matched(_QUOTED, "a text in quotation marks")[1]

    def term(self) -> str | None:
        """Read the |term| of a concept, if there is one, and check its form."""
        if not self.sees("|"):
            return None
        start = self.at
        text = self._matched(_TERM, "a term that ends with |")[1].strip(" \t\r\n")
        if not text or any(blank in text for blank in "\t\r\n"):
            self.refuse("a term has characters, and stands on one line", at=start)
        return text

    def order(self, *allowed: Order) -> Order:
        """Read a comparison operator."""
        found = self.next_order()
        if found not in allowed or found is None:
            self.refuse(f"one of {' '.join(each.value for each in allowed)} is expected here")
        pattern = next(pattern for pattern, order in _ORDERS if order is found)
        self._matched(pattern, found.value)
        return found

    def next_order(self, at: int | None = None) -> Order | None:
        """Return the comparison operator that stands here, without reading it."""
        place = self.at if at is None else at
        return next((order for pattern, order in _ORDERS if pattern.match(self.text, place)), None)

    def after_brackets(self) -> int:
        """Return the place behind the brackets that open here, and behind blanks."""
        closing = self._closing.get(self.at)
        if closing is None:
            self.refuse("this bracket is not closed")
        match = _BLANK.match(self.text, closing + 1)
        return match.end() if match else closing + 1

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Read what stands in brackets; EclError `too-costly` where there are too many."""
        self._depth += 1
        if self._depth > DEEPEST:
            self.refuse(f"brackets are read {DEEPEST} deep, no deeper", code=TOO_COSTLY)
        yield
        self._depth -= 1

    def _matched(self, pattern: re.Pattern[str], expected: str) -> Sequence[str]:
        match = pattern.match(self.text, self.at)
        if match is None:
            self.refuse(f"{expected} is expected here")
        self.at = match.end()
        self.skip()
        return match[0], *match.groups()


def _brackets(text: str) -> dict[int, int]:
    """Return where each round bracket is closed; brackets in terms, texts and comments are none."""
    closing: dict[int, int] = {}
    open_: list[int] = []
    for match in _NO_BRACKETS.finditer(text):
        if match[0] == "(":
            open_.append(match.start())
        elif match[0] == ")" and open_:
            closing[open_.pop()] = match.start()
    return closing
