"""Injected faults, over real HTTP and by themselves."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.fleet.faults import Fault, FaultError, fault_problem, parse_fault, struck_by, token_of
from infertop.backends.fleet.server import serve
from infertop.backends.fleet.stacks import find_stack


@asynccontextmanager
async def client_of(*faults: Fault, stack: str = "cerebras") -> Iterator[httpx.AsyncClient]:
    async with (
        serve({"one": find_stack(stack)}, seed=1, faults={"one": faults}) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/one", timeout=20) as client,
    ):
        yield client


def asked(prompt: str = "x", tokens: int = 100, **more: object) -> dict[str, object]:
    return {
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": tokens,
        "ignore_eos": True,
        "stream": True,
    } | more


async def content_s(client: httpx.AsyncClient, **fields: object) -> list[float]:
    """When events with content came, since the request was sent."""
    began_s = time.monotonic()
    async with client.stream("POST", "/v1/chat/completions", json=asked(**fields)) as response:
        response.raise_for_status()
        return [
            time.monotonic() - began_s
            async for line in response.aiter_lines()
            if '"content":"' in line and '"role"' not in line
        ]


async def test_a_rate_limit_is_refused_as_hosted_apis_do() -> None:
    async with client_of(Fault(kind="rate-limit", retry_after_s=2)) as client:
        response = await client.post("/v1/chat/completions", json=asked())
        assert response.status_code == 429
        assert response.headers["retry-after"] == "2"
        assert response.headers["x-ratelimit-remaining-requests"] == "0"
        assert response.headers["x-ratelimit-reset-requests"] == "2s"
        assert response.json()["error"]["type"] == "RateLimitError"
        assert (await client.get("/v1/models")).status_code == 200


async def test_an_error_has_the_status_asked_for() -> None:
    async with client_of(Fault(kind="error", status=502, retry_after_s=0)) as client:
        response = await client.post("/v1/chat/completions", json=asked(stream=False))
        assert response.status_code == 502
        assert "retry-after" not in response.headers


async def test_a_stall_holds_back_and_loses_nothing() -> None:
    async with client_of(Fault(kind="stall", stall_s=0.6, after_tokens=41)) as client:
        came_s = await content_s(client)
        gaps = [after - before for before, after in pairwise(came_s)]
        assert 0.5 < max(gaps) < 0.8
        assert gaps.index(max(gaps)) == 2  # after one token and two chunks of twenty
        text = await client.post("/v1/chat/completions", json=asked(stream=False))
        assert text.json()["usage"]["completion_tokens"] == 100


async def test_a_cut_ends_the_stream_in_the_middle() -> None:
    async with client_of(Fault(kind="cut", after_tokens=41)) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await content_s(client)
        for _ in range(50):
            page = (await client.get("/metrics")).text
            if 'finished_reason="abort"} 1' in page and 'num_requests_running{model_name="llama-3.3-70b"} 0' in page:
                return
            await asyncio.sleep(0.02)
        pytest.fail("its place is still taken")


async def test_a_cold_start_lets_requests_wait_and_then_serves_them() -> None:
    async with client_of(Fault(kind="cold", for_s=0.7)) as client:
        first, second = await asyncio.gather(content_s(client), content_s(client, prompt="y"))
        assert 0.5 < first[0] < 1.2
        assert 0.5 < second[0] < 1.2
        warm = await content_s(client)
        assert warm[0] < 0.4


async def test_faults_and_stack_change_while_it_serves() -> None:
    async with client_of() as client:
        assert (await client.get("/control")).json()["faults"] == []
        put = await client.put("/control/faults", json=[{"kind": "error"}])
        assert put.json()["faults"] == [{"kind": "error"}]
        assert (await client.post("/v1/chat/completions", json=asked())).status_code == 503
        await client.put("/control/faults", json=[])
        slow = asyncio.create_task(content_s(client, tokens=400))
        await asyncio.sleep(0.15)
        changed = await client.put("/control/stack", json={"stack": "cerebras/replicas=2"})
        assert changed.json()["stack"] == "cerebras/replicas=2"
        assert len(await slow) == 21  # one token, then chunks of twenty: it ended where it was begun
        assert len(await content_s(client)) > 1


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("faults", [{"kind": "slow"}], 400, "Invalid enum value 'slow'"),
        ("faults", [{"kind": "stall", "share": 2}], 400, "stall: share is a part of the requests"),
        ("stack", {"stack": "h300"}, 400, "no such simulated stack: 'h300'"),
        ("stack", {"stack": "h100/llama-3.1-8b"}, 400, "serves llama-3.1-8b; behind this address is llama-3.3-70b"),
        ("weather", {}, 404, "there are stack, faults"),
    ],
)
async def test_what_cannot_be_controlled_is_refused(path: str, body: object, status: int, says: str) -> None:
    async with client_of() as client:
        response = await client.put(f"/control/{path}", json=body)
        assert response.status_code == status
        assert says in response.json()["error"]["message"]


async def test_copies_share_the_requests() -> None:
    async with client_of(stack="inferentia2/batch=1/replicas=2") as client:
        alone = await content_s(client, tokens=20)
        first, second = await asyncio.gather(content_s(client, tokens=20), content_s(client, prompt="y", tokens=20))
        assert max(first[-1], second[-1]) < 1.5 * alone[-1]  # one copy would have needed twice as long


async def test_names_of_stacks_may_hold_slashes() -> None:
    name = "h100x8/llama-3.3-70b/fp8/replicas=2"
    async with serve({name: find_stack(name)}) as port, httpx.AsyncClient() as client:
        models = await client.get(f"http://127.0.0.1:{port}/{name}/v1/models")
        assert models.json()["data"][0]["id"] == "llama-3.3-70b"
        assert (await client.get(f"http://127.0.0.1:{port}/{name}/metrics")).status_code == 200


@given(st.floats(0.05, 0.95), st.integers(0, 1000))
def test_as_many_are_struck_as_asked_and_always_the_same(share: float, seed: int) -> None:
    faults = [Fault(kind="error", share=share)]
    struck = [bool(struck_by(faults, seed, f"prompt {number}", 1.0)) for number in range(1000)]
    assert struck == [bool(struck_by(faults, seed, f"prompt {number}", 1.0)) for number in range(1000)]
    assert abs(sum(struck) / 1000 - share) < 0.09  # over five standard deviations


@given(st.text(), st.integers(1, 5000))
def test_the_place_of_a_cut_lies_in_the_answer(prompt: str, output_tokens: int) -> None:
    assert 1 <= token_of(Fault(kind="cut"), 1, prompt, output_tokens) <= output_tokens
    assert token_of(Fault(kind="cut", after_tokens=7), 1, prompt, output_tokens) == 7


def test_a_fault_strikes_in_its_window_only() -> None:
    faults = [Fault(kind="error", after_s=10, for_s=5)]
    assert [bool(struck_by(faults, 1, "p", at_s)) for at_s in (0, 9.9, 10, 14.9, 15)] == [0, 0, 1, 1, 0]


def test_a_fault_as_typed() -> None:
    assert parse_fault("stall,share=0.1,after=10,for=20,stall=3,tokens=5") == Fault(
        kind="stall", share=0.1, after_s=10, for_s=20, stall_s=3, after_tokens=5
    )
    assert parse_fault("rate-limit") == Fault(kind="rate-limit")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("slow", "'slow' is no fault; there are rate-limit, error, stall, cut, cold"),
        ("cut,often=1", "'often=1' is no setting; there are share, after"),
        ("cut,share=some", "'share=some': 'some' is not a number"),
        ("cut,share=0", "share is a part of the requests"),
        ("cold", "a cold start needs for_s"),
        ("error,status=200", "status is one of 500"),
        ("cut,tokens=0", "after_tokens must be 1 or more"),
        ("stall,stall=0", "stall_s must be above 0"),
        ("cut,after=-1", "must not begin before 0"),
    ],
)
def test_mistakes_are_named(typed: str, says: str) -> None:
    with pytest.raises(FaultError, match=says):
        parse_fault(typed)


def test_a_fault_that_makes_sense_has_no_problem() -> None:
    assert fault_problem(Fault(kind="cold", for_s=3)) == ""
