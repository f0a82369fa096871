"""The parts of an address that have a form of their own: `$name` and an id."""

from starlette.convertors import Convertor, register_url_convertor

from fhir_server.r4.references import ID_PATTERN


class _OperationName(Convertor[str]):
    """A part of an address that begins with `$`."""

    regex = r"\$[^/]*"

    def convert(self, value: str) -> str:
        """Return the name without `$`."""
        return value[1:]

    def to_string(self, value: str) -> str:
        """Return the part of the address."""
        return f"${value}"


class _Id(Convertor[str]):
    """A FHIR id: `_search` and `_history` are none."""

    regex = ID_PATTERN

    def convert(self, value: str) -> str:
        """Return the id."""
        return value

    def to_string(self, value: str) -> str:
        """Return the part of the address."""
        return value


def register() -> None:
    """Make `{x:operation}` and `{x:id}` known to the routes; calling it again changes nothing."""
    register_url_convertor("operation", _OperationName())
    register_url_convertor("id", _Id())
