"""Waiting for the first of several things."""

import asyncio
from collections.abc import Coroutine


async def first_of(*work: Coroutine[None, None, object]) -> None:
    """Return when any of `work` has finished, raising what it raised; break the others off."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
