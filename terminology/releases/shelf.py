"""The releases that are here: the files of one folder, seen anew whenever one is put there."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from terminology.releases.form import SUFFIX
from terminology.releases.release import Release, ReleaseRefused

_LOG: Final = logging.getLogger(__name__)
# A release that was loaded just now may be asked for after this time.
_SECONDS: Final = 1.0


class Shelf:
    """The releases of a folder by the url of their code system.

    Who holds a release reads on in it when its file is replaced or removed: no request fails for
    that. A file that cannot be read is told in the log, and is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self._lock = threading.Lock()
        self._looked = -_SECONDS
        self._seen: frozenset[tuple[str, int]] = frozenset()
        self._held: dict[tuple[str, int], Release] = {}
        self._by_url: Mapping[str, Sequence[Release]] = {}

    def of(self, url: str) -> Sequence[Release]:
        """Return every version of a code system that is here."""
        return self.everything().get(url, ())

    def everything(self) -> Mapping[str, Sequence[Release]]:
        """Return the releases by url."""
        now = time.monotonic()
        if now - self._looked >= _SECONDS:
            with self._lock:
                self._look()
                self._looked = now
        return self._by_url

    def _look(self) -> None:
        try:
            files = {
                (str(each), each.stat().st_ino): each for each in self.folder.glob(f"*{SUFFIX}")
            }
        except FileNotFoundError:  # removed between the two calls: the next look sees it
            return
        if files.keys() == self._seen:
            return
        self._seen = frozenset(files)
        held = {key: each for key, each in self._held.items() if key in files}
        for key, path in files.items():
            if key not in held:
                try:
                    held[key] = Release(path)
                except ReleaseRefused as refused:
                    _LOG.error("A terminology release cannot be read: %s", refused)
        by_url: dict[str, list[Release]] = {}
        for release in held.values():
            by_url.setdefault(release.url, []).append(release)
        self._held, self._by_url = held, by_url
