"""What a client may be registered for, and the error of a file that registers wrongly.

Apart from `security.clients`: whoever only names these need not load the libraries that read
keys, which take 10 MB.
"""

from pathlib import Path
from typing import Literal, TypeAlias, get_args

Interface: TypeAlias = Literal["cds-hooks", "fhir", "hl7v2", "hl7v2-admin"]
INTERFACES: tuple[Interface, ...] = get_args(Interface)


class ClientFileError(Exception):
    """The file of registered clients cannot be used; names the file and the field."""

    def __init__(self, path: Path, field: str, problem: str) -> None:
        super().__init__(f"{path}: {field}: {problem}")
        self.field = field
