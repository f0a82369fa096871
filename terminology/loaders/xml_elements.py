"""The elements of a large XML file, one after the other, without the whole of it in memory.

A document type is refused: entities that it declares could make a small file a very large one.
"""

from collections.abc import Iterator
from typing import Final, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from terminology.loaders.sources import SourceRefused
from terminology.loaders.tables import File

LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_EVENTS: Final = ("start", "end")


def elements(file: File, *wanted: str) -> Iterator[tuple[int, Element, Element | None]]:
    """Yield the elements of these names with the line of their begin and the nearest one around.

    A name is that without its namespace. An element is yielded at its end and is empty afterwards;
    of those around it there is what stands before it. SourceRefused where the file is no XML, or
    not to its end.
    """
    parser: XMLPullParser[Element] = XMLPullParser(events=_EVENTS)
    around: list[tuple[int, Element]] = []
    open_: list[Element] = []
    number = 0
    try:
        for number, line in enumerate(file.source.lines(file.name), 1):
            # A document type can stand before the first element only.
            if not open_ and "<!DOCTYPE" in line:
                text = "it has a document type (DOCTYPE). Save it without one, as RDF/XML or XML."
                raise SourceRefused(f"{file.short}, line {number}: {text}")
            parser.feed(f"{line}\n")
            yield from _ended(parser, number, wanted, around, open_)
        parser.close()
    except ParseError as error:
        raise SourceRefused(f"{file.short}, line {number}: it is no whole XML ({error}).") from None


def _ended(
    parser: "XMLPullParser[Element]",
    number: int,
    wanted: tuple[str, ...],
    around: list[tuple[int, Element]],
    open_: list[Element],
) -> Iterator[tuple[int, Element, Element | None]]:
    for event, element in _read(parser):
        is_wanted = local(element.tag) in wanted
        if event == "start":
            open_.append(element)
            if is_wanted:
                around.append((number, element))
            continue
        open_.pop()
        if is_wanted:
            line, _ = around.pop()
            yield line, element, around[-1][1] if around else None
            element.clear()
        if len(open_) == 1:
            open_[0].clear()


def _read(parser: "XMLPullParser[Element]") -> Iterator[tuple[str, Element]]:
    for each in parser.read_events():
        # The types of the library know further events, which were not asked for.
        event, element = cast(tuple[str, Element], each)
        yield event, element


def local(tag: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def texts(element: Element, name: str) -> list[str]:
    """Return the texts of the elements of a name that stand directly in another, without blanks."""
    found = (" ".join((each.text or "").split()) for each in element if local(each.tag) == name)
    return [each for each in found if each]
