"""How much work a read may do on the event loop before it goes on in a thread of its own."""

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy import Connection

from fhir_server.store.statements import Driver, driver

# Steps of SQLite's machine (https://www.sqlite.org/opcode.html); 1,000 take some 50 us.
_STEPS = 1_000
_MOST = 30 * _STEPS


class BudgetSpent(Exception):
    """The read has taken as much as it may here; nothing of its result is known."""


_LIMITED = "attending.limited"


def need_thread(connection: Connection) -> None:
    """Break off (BudgetSpent) a read that is limited: what follows is work, but not SQLite's."""
    if connection.info.get(_LIMITED):
        raise BudgetSpent


class Budget:
    """Counts the steps of one connection's statements; one read at a time."""

    def __init__(self) -> None:
        self._left = 0

    @contextlib.contextmanager
    def limited(self, connection: Connection) -> Iterator[None]:
        """Run the block on `connection`, a file's; BudgetSpent where it takes too many steps."""
        below: Driver = driver(connection)
        self._left = _MOST
        below.set_progress_handler(self._spend, _STEPS)
        connection.info[_LIMITED] = True
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise BudgetSpent from error
            raise
        finally:
            below.set_progress_handler(None, 0)
            connection.info[_LIMITED] = False

    def _spend(self) -> bool:
        self._left -= _STEPS
        return self._left < 0
