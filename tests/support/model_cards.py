"""Model cards made without a server, and how a test reads a page."""

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from fhir_server.model_cards.page import page
from fhir_server.model_cards.subject import Deployment, Subject
from fhir_server.model_cards.words import Words
from inference.contract import Language
from inference.registry import LoadedModel
from terminology import catalogue
from tests.support.model_releases import shipped

URL = "http://127.0.0.1:8080"
VOID = {"meta", "br", "line", "polyline"}


def deployment(region: str = "CN", validated: tuple[str, ...] = ()) -> Deployment:
    return Deployment(URL, region, validated, "attending test", catalogue.load())


def subject(
    model: LoadedModel | str, *, state: str = "active", region: str = "CN", validated=()
) -> Subject:
    found = shipped().get(model) if isinstance(model, str) else model
    return Subject(found, state, deployment(region, validated))


@cache
def card(id: str, language: Language = "en", region: str = "CN", validated=()) -> "Page":
    return read(page(subject(id, region=region, validated=validated), Words(language)))


@dataclass
class Page(HTMLParser):
    """A page as its reader has it: texts by the section and the id that they stand in."""

    ids: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    open: list[tuple[str, str | None]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag, attrs) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))
        if tag not in VOID:
            self.open.append((tag, found.get("id")))

    def handle_endtag(self, tag) -> None:
        if tag not in VOID:
            opened, _ = self.open.pop()
            assert opened == tag, f"{tag} closes {opened}"

    def handle_data(self, data) -> None:
        if self.open and self.open[-1][0] in ("style", "title"):
            return
        self.text += data
        if self.open and self.open[-1][0] in ("h1", "h2", "h3"):
            level, said = self.headings[-1]
            self.headings[-1] = (level, said + data)
        for _, id in self.open:
            if id is not None:
                self.texts[id] = self.texts.get(id, "") + data + " "


def read(html: str) -> Page:
    found = Page()
    found.feed(html)
    found.close()
    assert not found.open
    return found
