"""Work done ahead of the one who waits for it, in order, a few pieces at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
DEPTH = 3


def ahead(items: Iterable[Item], depth: int = DEPTH) -> Iterator[Item]:
    """The same items, fetched by a thread of their own: at most `depth` wait for whoever works on them."""
    iterator, end = iter(items), object()
    thread = ThreadPoolExecutor(1, thread_name_prefix="yibao-ahead")
    try:
        waiting = deque(thread.submit(next, iterator, end) for _ in range(depth))
        while (item := waiting.popleft().result()) is not end:
            waiting.append(thread.submit(next, iterator, end))
            yield item  # type: ignore[misc]
    finally:
        thread.shutdown(wait=True, cancel_futures=True)


def map_ahead(
    pool: Executor | None, function: Callable[[Item], Result], items: Iterable[Item], depth: int = DEPTH
) -> Iterator[Result]:
    """`map`, in order, by the threads of the pool: at most `depth` results wait or are being made.

    More where the pool has more threads: one for each, and one that waits.
    """
    if pool is None:
        yield from map(function, items)
        return
    depth = max(depth, getattr(pool, "_max_workers", 0) + 1)
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) >= depth:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
