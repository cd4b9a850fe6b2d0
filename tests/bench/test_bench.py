"""The benchmarks at small scale: nothing lost, nothing counted twice, no growth. Times are not judged here."""

import os
import shutil
import sys

import pytest

from . import accuracy, capacity, memory, recording, workers
from .truth import VARIABLE, serving, source_given

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="pins processes and reads /proc"),
]


@pytest.fixture(autouse=True)
def own_cores():
    """The benchmarks pin the process they run in; the tests after them get its cores back."""
    cores = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture(scope="module")
def source():
    given = source_given()
    if given is None:
        pytest.skip(f"{VARIABLE} names no ground-truth server")
    return given


async def test_capacity_counts_every_token_once(source):
    found = await capacity.measure(source, streams=16, requests=100, tokens=64)
    assert found.exact
    assert found.written == 6400


async def test_workers_together_count_every_token_once(source):
    found = await workers.measure(source, workers=2, streams=16, requests=200, tokens=64)
    assert found.exact
    assert found.written == 12_800
    assert found.end.workers == 2


async def test_accuracy_is_told_from_every_chunk(source):
    found, _ = await accuracy.measure(source, streams=8, rounds=2, tokens=40)
    assert found.exact
    assert (len(found.ttft_ms), len(found.icl_ms), len(found.stamp_ms)) == (16, 16 * 39, 16 * 40)
    assert found.stamp_ms.min() > -0.5  # nothing is seen before it was written


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program to make a certificate")
async def test_accuracy_over_tls(tmp_path):
    found, _ = await accuracy.measure(source_given(), streams=8, rounds=2, tokens=40, tls=True)
    assert found.exact
    assert (len(found.ttft_ms), len(found.icl_ms)) == (16, 16 * 39)
    assert found.stamp_ms.min() > -0.5


async def test_accuracy_with_the_console_drawing(source):
    found, _ = await accuracy.measure(source, streams=8, rounds=4, tokens=40, screen=True)
    assert found.exact
    assert (len(found.ttft_ms), len(found.icl_ms)) == (32, 32 * 39)


async def test_memory_does_not_grow_with_chunks(source):
    found = await memory.measure(source, 1_000_000)
    assert found.chunks == 1_000_000 // memory.TOKENS * memory.TOKENS
    assert found.late_mb < found.early_mb + 8


async def test_recording_loses_no_request(source, tmp_path):
    with serving(tmp_path, "--itl-us", "2000", source=source) as server:
        found = await recording.measure(server.url, 16, 3.0, 32, tmp_path / "state", record=True)
    assert found.exact
    assert found.journal_mb_per_million > 0
