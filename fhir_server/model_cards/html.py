"""HTML made of elements: every text is escaped where it is put in, none by who writes a page."""

import html
from typing import Final

_VOID: Final = frozenset({"meta", "br", "line", "polyline", "circle", "path", "rect"})
_LINKED: Final = ("https://", "http://")


class Html(str):
    """Text that is markup already; only this module makes it."""

    __slots__ = ()


Child = str | Html | None


def element(tag: str, *children: Child, **attributes: str | float | None) -> Html:
    """Return an element; a child that is no `Html` is escaped, None is left out.

    An attribute's name ends in `_` where Python has the word, and `_` stands for `-`.
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(str(value), quote=True)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{named}/>")
    return Html(f"<{tag}{named}>{together(*children)}</{tag}>")


def together(*children: Child) -> Html:
    """Return children one after the other."""
    return Html("".join(_markup(child) for child in children if child is not None))


def link(url: str, text: str) -> Html:
    """Return a link where `url` is one that a browser may follow, else its text alone."""
    if not url.startswith(_LINKED):
        return element("span", text)
    return element("a", text, href=url, rel="noreferrer")


def document(*, head: Html, body: Html, lang: str) -> str:
    """Return a whole page."""
    return f"<!DOCTYPE html>\n{element('html', head, body, lang=lang)}\n"


def verbatim(css: str) -> Html:
    """Return a style sheet of this product as it is; never for text from outside."""
    return Html(f"<style>{css}</style>")


def _markup(child: str) -> str:
    return child if isinstance(child, Html) else html.escape(child, quote=False)
