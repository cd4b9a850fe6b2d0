"""Which event loop our processes run on: uvloop where it exists, for it costs half the CPU a token."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

_Result = TypeVar("_Result")


def run(main: Coroutine[None, None, _Result]) -> _Result:
    """Run `main` in a new event loop, as `asyncio.run` does; uvloop is imported only now."""
    try:
        import uvloop  # noqa: PLC0415 - absent on some platforms
    except ImportError:
        factory = asyncio.new_event_loop
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
