"""The XHTML of Narrative.div: well formed, and nothing in it that a browser would run.

R4 narrative.html: a `div` of the XHTML namespace with the basic formatting of HTML 4.0
(chapters 7 to 11 and 15), no scripts, forms, frames or objects (constraints txt-1 and txt-2).
"""

from xml.parsers import expat


def _words(text: str) -> list[str]:
    return text.split()


_XHTML = "http://www.w3.org/1999/xhtml "
_ELEMENTS = frozenset(
    _XHTML + name
    for name in _words("""
    a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div
    dl dt em font h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q s samp small span strike strong
    sub sup table tbody td tfoot th thead tr tt u ul var
""")
)
_ATTRIBUTES = frozenset(
    _words("""
    abbr accesskey align alt axis bgcolor border cellpadding cellspacing char charoff charset cite
    class color colspan compact coords dir face frame headers height href hreflang hspace id ismap
    lang longdesc name nohref noshade nowrap rel rev rowspan rules scope shape size span src start
    style summary tabindex title type usemap valign value vspace width
""")
)
_LINKS = ("href", "src", "cite", "longdesc")
_RUNNABLE = ("javascript:", "vbscript:", "data:text")


class _Refusal(ValueError):
    """The reason why a narrative is refused."""


class _Reader:
    """What one pass over the markup finds."""

    def __init__(self) -> None:
        self.depth = 0
        self.has_content = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and name != _XHTML + "div":
            raise _Refusal('begin with <div xmlns="http://www.w3.org/1999/xhtml">')
        if name not in _ELEMENTS:
            raise _Refusal(f"<{name.rpartition(' ')[2]}> is not allowed in a narrative")
        for key, value in attributes.items():
            # expat writes xml:lang as "<namespace> lang"
            if key.rpartition(" ")[2] not in _ATTRIBUTES:
                raise _Refusal(f"attribute {key!r} is not allowed in a narrative")
            if key in _LINKS and _bare(value).startswith(_RUNNABLE):
                raise _Refusal(f"attribute {key!r} holds a script")
        self.depth += 1
        self.has_content |= name == _XHTML + "img"

    def end(self, _name: str) -> None:
        self.depth -= 1

    def text(self, data: str) -> None:
        self.has_content = self.has_content or not data.isspace()

    def doctype(self, *_: object) -> None:
        raise _Refusal("a document type declaration is not allowed in a narrative")


def narrative_fault(div: str) -> str | None:
    """Return what is wrong with the markup of a narrative, None where it is fit to show."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(div, True)
    except _Refusal as refusal:
        return str(refusal)
    except expat.ExpatError as error:
        return f"not well-formed XML: {error}"
    return None if reader.has_content else "the narrative says nothing"


def _bare(link: str) -> str:
    """Return `link` as a browser reads its scheme: lower case, no white space or controls."""
    return "".join(char for char in link if char > " ").lower()
