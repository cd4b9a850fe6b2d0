"""Fixtures every test may use."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no reason to fail: examples are bounded in number, not in time.
settings.register_profile("infertop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("infertop"), max_examples=10_000)
settings.load_profile("infertop")


@pytest.fixture(scope="session", autouse=True)
def own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing that is tested writes among the sessions of whoever runs the tests."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def no_cycles() -> Iterator[None]:
    """Fail if what a request was made of can be freed by the collector only.

    An engine's collector looks seldom, for nothing is read while it does: cycles would fill the memory.
    """
    import httpx

    from infertop.backends.adapters.http_answer import HttpAnswer
    from infertop.backends.transport.connection import Connection
    from infertop.backends.transport.exchange import Exchange
    from infertop.engine.meter import Meter

    of_a_request = (Meter, HttpAnswer, Connection, Exchange, httpx.Request, httpx.Response)
    gc.freeze()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield
        gc.collect()
        left = {type(each).__name__ for each in gc.garbage if isinstance(each, of_a_request)}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.unfreeze()
    assert not left, f"in cycles: {left}"
