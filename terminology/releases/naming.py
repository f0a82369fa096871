"""What the file of a release is called."""

import hashlib
import re

_OTHER = re.compile(r"[^A-Za-z0-9.]+")


def file_name(url: str, version: str) -> str:
    """Return a name that people can read and that no other url and version has."""
    shown = _OTHER.sub("-", f"{url.partition('//')[2] or url} {version.rpartition('/')[2]}")
    digest = hashlib.sha256(f"{url}|{version}".encode()).hexdigest()[:8]
    return f"{shown.strip('-.')[:80]}-{digest}"
