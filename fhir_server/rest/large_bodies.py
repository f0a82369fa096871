"""What takes long by the size of a body is done beside the event loop, two bodies at a time.

A body of 5 MB takes some hundred milliseconds and, made of the smallest JSON objects, some 130 MB
while it is read: on the loop it would hold up every other request, and all at once they would
fill the memory.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

# Beyond this size a thread's hop is the smaller part.
_LARGE: Final = 64 * 1024
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="large-body")


async def worked_on(size: int, work: Callable[[], T]) -> T:
    """Return what `work` returns of a body of `size` bytes; it raises what `work` raises."""
    if size <= _LARGE:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
