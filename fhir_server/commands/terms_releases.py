"""`attending terms load-*`, `terms list` and `terms remove`: releases of large terminologies.

A server that runs sees what is put into the folder, or taken away, within a second.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from fhir_server.commands.progress import steps
from fhir_server.settings import Settings
from fhir_server.text_catalogue import say
from inference.contract import Language
from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused, source_of
from terminology.releases.closure import Circle
from terminology.releases.shelf import Shelf
from terminology.releases.writing import ReleaseWriter

# Of an RF2 release what is not read.
_UNREAD: Final = ("/Full/", "/Delta/")


def load(
    settings: Settings, kind: str, files: Sequence[str], version: str, options: Mapping[str, str]
) -> int:
    """Load a release from its files; 1 where one was refused, or a row of them.

    `kind` is a module of `terminology.loaders`; `options` are those that only some kinds have.
    """
    language = settings.language
    loader = import_module(f"terminology.loaders.{kind}")
    report = Report()
    writer: ReleaseWriter | None = None
    try:
        sources = _opened(files)
        writer = ReleaseWriter(settings.releases_folder, filterable=loader.FILTERABLE)
        about = loader.load(sources, writer, report, version=version, **options)
        written = writer.finish(about, shown=steps())
    except (SourceRefused, Circle, OSError) as refusal:
        if writer is not None:
            writer.discard()
        _tell(report, language)
        print(say(language, "terms.load-refused", why=refusal), file=sys.stderr)
        return 1
    _tell(report, language)
    told = {"canonical": f"{about.url}|{about.version}", "count": len(writer), "file": written}
    print(say(language, "terms.release-loaded", **told))
    if report.refused:
        place = written.with_suffix(".refused.tsv")
        _keep(report, place)
        print(say(language, "terms.refused-kept", file=place), file=sys.stderr)
    return 1 if report.refused else 0


def list_releases(settings: Settings) -> int:
    """Print every release that is here, a line for each."""
    held = Shelf(settings.releases_folder).everything()
    for url in sorted(held):
        for release in sorted(held[url], key=lambda each: each.version):
            print(f"{release.canonical}\t{len(release)}\t{release.path}")
    return 0


def remove(settings: Settings, canonical: str) -> int:
    """Remove a release by `url|version`; 1 where it is not here."""
    url, _, version = canonical.partition("|")
    for release in Shelf(settings.releases_folder).of(url):
        if release.version == version:
            release.path.unlink()
            release.path.with_suffix(".refused.tsv").unlink(missing_ok=True)
            print(say(settings.language, "terms.removed", canonical=canonical))
            return 0
    print(say(settings.language, "terms.not-here", canonical=canonical), file=sys.stderr)
    return 1


def _opened(files: Sequence[str]) -> list[Source]:
    shown, done, whole = steps(), 0, 0

    def read(size: int) -> None:
        nonlocal done
        done += size
        shown(min(done, whole), whole)

    sources = [source_of(Path(name), read) for name in files]
    whole = sum(
        source.size(name)
        for source in sources
        for name in source.names()
        if not any(part in f"/{name}" for part in _UNREAD)
    )
    return sources


def _tell(report: Report, language: Language) -> None:
    """Print for each file what became of its rows."""
    for file in report.files:
        left_out, refused = _of(report.left_out, file), _of(report.refused, file)
        counts = {
            "loaded": report.loaded[file],
            "left_out": _counted(left_out),
            "refused": _counted(refused),
        }
        print(say(language, "terms.file", file=file, **counts))
    for file, lacks in report.absent:
        print(say(language, "terms.absent", file=file, lacks=lacks))


def _of(counts: Counter[tuple[str, str]], file: str) -> dict[str, int]:
    return {why: count for (own, why), count in counts.items() if own == file}


def _counted(reasons: Mapping[str, int]) -> str:
    """Return `12`, or `12 (inactive 10, stated 2)`."""
    told = ", ".join(f"{why} {count}" for why, count in sorted(reasons.items()))
    return f"{sum(reasons.values())} ({told})" if told else "0"


def _keep(report: Report, place: Path) -> None:
    with place.open("w", encoding="utf-8", newline="\n") as opened:
        for each in report.refusals:
            text = each.text.replace("\r", " ").replace("\n", " ")
            opened.write(f"{each.file}\t{each.line}\t{each.why}\t{text}\n")
