"""Fixtures every test may use."""

import os

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
