"""Both alarms: never early, hardly late, the newest setting counts."""

import asyncio
import sys
from statistics import median

import pytest

from infertop.backends.fleet.alarm import _LoopTimer, _TimerFd, now_ns

linux = pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux's")
both = pytest.mark.parametrize("kind", [_LoopTimer, pytest.param(_TimerFd, marks=linux)])


@both
async def test_it_goes_off_at_its_time(kind) -> None:
    rang = asyncio.Event()
    alarm = kind(rang.set)
    late_ns = []
    for _ in range(20):
        at_ns = now_ns() + 3_300_000
        alarm.set(at_ns)
        await rang.wait()
        late_ns.append(now_ns() - at_ns)
        rang.clear()
    alarm.close()
    assert min(late_ns) >= 0
    assert median(late_ns) < 5e6


@both
async def test_a_past_time_goes_off_at_once_and_only_once(kind) -> None:
    rang = []
    alarm = kind(lambda: rang.append(now_ns()))
    alarm.set(0)
    await asyncio.sleep(0.03)
    alarm.close()
    assert len(rang) == 1


@both
async def test_the_newest_setting_replaces_the_others(kind) -> None:
    rang = []
    alarm = kind(lambda: rang.append(now_ns()))
    later_ns = now_ns() + 40_000_000
    alarm.set(now_ns() + 5_000_000)
    alarm.set(later_ns)
    await asyncio.sleep(0.08)
    assert len(rang) == 1
    assert rang[0] >= later_ns
    alarm.set(now_ns() + 1_000_000)
    alarm.close()
    alarm.close()
    await asyncio.sleep(0.02)
    assert len(rang) == 1
