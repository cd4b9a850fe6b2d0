"""Fixtures every test may use."""

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no reason to fail: examples are bounded in number, not in time.
settings.register_profile("infertop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("infertop")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
