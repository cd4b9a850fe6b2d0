"""The fleet over real HTTP: the same checks a client would make of a real server, and the pace."""

import asyncio
import json
import re
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median, quantiles

import httpx
import pytest

from infertop.backends.fleet.process import Fleet, start_fleet
from infertop.backends.fleet.scheduler import Job
from infertop.backends.fleet.stacks import STACKS
from infertop.backends.fleet.wire import SERVER

every_stack = pytest.mark.parametrize("stack_id", STACKS)


@dataclass
class Seen:
    """One streamed answer as a client saw it."""

    documents: list[dict] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    done: bool = False

    @property
    def content_s(self) -> list[float]:
        return [at for at, one in zip(self.at_s, self.documents, strict=True) if content(one)]

    @property
    def text(self) -> str:
        return "".join(content(one) for one in self.documents)


def content(document: dict) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in document["choices"])


def body(characters: int = 40, **fields: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": "x" * characters}], "model": "llama-3.3-70b"} | fields


@pytest.fixture
async def client(fleet: Fleet) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{fleet.port}", timeout=30) as one:
        yield one


async def stream(client: httpx.AsyncClient, stack_id: str, **fields: object) -> Seen:
    seen = Seen()
    asked = body(stream=True, **fields)
    async with client.stream("POST", f"/{stack_id}/v1/chat/completions", json=asked) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["server"] == SERVER
        async for line in response.aiter_lines():
            if line == "data: [DONE]":
                seen.done = True
            elif line:
                assert not seen.done
                seen.at_s.append(time.monotonic())
                seen.documents.append(json.loads(line.removeprefix("data: ")))
    return seen


async def metrics(client: httpx.AsyncClient, stack_id: str) -> dict[str, float]:
    """Samples by name; those with more labels than the model keep them."""
    page = (await client.get(f"/{stack_id}/metrics")).text
    samples = {}
    for line in page.splitlines():
        if not line.startswith("#"):
            name, labels, value = re.fullmatch(
                r'([\w:]+)\{model_name="llama-3.3-70b",?([^}]*)\} (\S+)', line
            ).groups()
            samples[name + labels] = float(value)
    return samples


@every_stack
async def test_a_stream_holds_what_its_usage_says(client: httpx.AsyncClient, stack_id: str) -> None:
    options = {"include_usage": True, "continuous_usage_stats": True}
    seen = await stream(client, stack_id, max_tokens=23, ignore_eos=True, stream_options=options)
    assert seen.done
    first, *_, last_content, usage = seen.documents
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert last_content["choices"][0]["finish_reason"] == "length"
    assert usage["choices"] == []
    assert usage["usage"] == {"prompt_tokens": 10, "completion_tokens": 23, "total_tokens": 33}
    counts = [one["usage"]["completion_tokens"] for one in seen.documents]
    assert counts == sorted(counts)
    assert (counts[0], counts[-2]) == (0, 23)
    assert {one["system_fingerprint"] for one in seen.documents} == {SERVER}
    chunk = getattr(STACKS[stack_id].machine, "tokens_per_chunk", 1)
    assert max(b - a for a, b in pairwise(counts)) == chunk


async def test_without_options_a_stream_has_no_usage(client: httpx.AsyncClient) -> None:
    seen = await stream(client, "cerebras", max_tokens=5)
    assert seen.done
    assert not any("usage" in one for one in seen.documents)


async def test_every_stack_gives_the_same_answer_to_the_same_prompt(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(stream(client, stack_id, max_tokens=30) for stack_id in STACKS))
    assert len({answer.text for answer in answers}) == 1


async def test_a_whole_document(client: httpx.AsyncClient) -> None:
    response = await client.post("/groq/v1/chat/completions", json=body(max_tokens=9, ignore_eos=True))
    document = response.json()
    assert response.headers["server"] == document["system_fingerprint"] == SERVER
    assert document["choices"][0]["finish_reason"] == "length"
    assert document["usage"] == {"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19}
    streamed = await stream(client, "groq", max_tokens=9, ignore_eos=True)
    assert document["choices"][0]["message"] == {"role": "assistant", "content": streamed.text}


@pytest.mark.parametrize(
    ("path", "sent", "status", "says"),
    [
        ("/h200/v1/chat/completions", b"{", 400, "invalid request"),
        ("/h200/v1/chat/completions", b'{"model":"m","messages":[{"role":"user"}]}', 404, "`m` does not exist"),
        ("/h100/v1/chat/completions", b"{}", 404, "No simulated stack 'h100'; served: /h200/v1, "),
        ("/v1/chat/completions", b"{}", 404, "Nothing at /v1/chat/completions; served: /h200/v1, "),
        ("/h200/v1/chat/completions", b'{"messages":"' + b"x" * 17 * 2**20 + b'"}', 413, ""),
    ],
)
async def test_refusals_are_signed_too(
    client: httpx.AsyncClient, path: str, sent: bytes, status: int, says: str
) -> None:
    response = await client.post(path, content=sent)
    assert response.status_code == status
    assert response.headers["server"] == SERVER
    if says:
        assert says in response.json()["error"]["message"]


@every_stack
async def test_models_health_and_index(client: httpx.AsyncClient, stack_id: str) -> None:
    models = (await client.get(f"/{stack_id}/v1/models")).json()
    assert [(one["id"], one["owned_by"]) for one in models["data"]] == [("llama-3.3-70b", SERVER)]
    assert (await client.get(f"/{stack_id}/health")).status_code == 200
    index = (await client.get("/")).text
    assert f"/{stack_id}/v1   SIM   {STACKS[stack_id].title}, " in index
    assert f"  assumed: {STACKS[stack_id].assumed[0]}" in index


async def test_metrics_count_what_was_answered(client: httpx.AsyncClient) -> None:
    before = await metrics(client, "cerebras")
    await stream(client, "cerebras", max_tokens=50, ignore_eos=True)
    after = await metrics(client, "cerebras")
    grown = {name: after[name] - before[name] for name in after}
    assert grown["vllm:prompt_tokens_total"] == 10
    assert grown["vllm:generation_tokens_total"] == 50
    assert grown['vllm:request_success_totalfinished_reason="length"'] == 1
    assert grown["vllm:time_to_first_token_seconds_count"] == grown["vllm:e2e_request_latency_seconds_count"] == 1
    assert grown["vllm:request_queue_time_seconds_count"] == 1
    assert grown["vllm:inter_token_latency_seconds_count"] == 49
    assert grown["vllm:inter_token_latency_seconds_sum"] == pytest.approx(49 / 2000, rel=0.5)
    assert 0.06 < grown["vllm:time_to_first_token_seconds_sum"] < 0.2
    assert grown['vllm:inter_token_latency_seconds_bucketle="+Inf"'] == 49
    assert after["infertop_fleet:power_watts"] > 0


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_client_that_leaves_frees_its_place_at_once(client: httpx.AsyncClient, streamed: bool) -> None:
    before = await metrics(client, "mi300x")
    sent = body(stream=streamed, max_tokens=5000, ignore_eos=True)
    leaving = asyncio.create_task(client.post("/mi300x/v1/chat/completions", json=sent))
    while (during := await metrics(client, "mi300x"))["vllm:num_requests_running"] != 1:
        await asyncio.sleep(0.01)
    assert during["vllm:kv_cache_usage_perc"] > 0
    leaving.cancel()
    await asyncio.wait([leaving])
    deadline = time.monotonic() + 2
    while (after := await metrics(client, "mi300x"))["vllm:num_requests_running"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert after["vllm:kv_cache_usage_perc"] == 0
    aborted = 'vllm:request_success_totalfinished_reason="abort"'
    assert after[aborted] - before[aborted] == 1


async def test_the_stack_lives_on_when_many_clients_break_off(client: httpx.AsyncClient, fleet: Fleet) -> None:
    sent = json.dumps(body(stream=True, max_tokens=4000, ignore_eos=True)).encode()
    head = b"POST /groq/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(sent)
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", fleet.port)) as one:
            one.sendall(head + sent)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # close with a reset
            await asyncio.sleep(0.01)
    seen = await stream(client, "groq", max_tokens=20, ignore_eos=True)
    assert seen.done
    assert (await metrics(client, "groq"))["vllm:num_requests_running"] == 0


def test_a_client_of_http_1_0_gets_plain_events(fleet: Fleet) -> None:
    sent = json.dumps(body(stream=True, max_tokens=3)).encode()
    with socket.create_connection(("127.0.0.1", fleet.port)) as one:
        one.sendall(b"POST /cerebras/v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent)
        with one.makefile("rb") as answer:
            head, _, events = answer.read().partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert events.startswith(b"data: {")
    assert events.endswith(b"data: [DONE]\n\n")


PACED_TOKENS = {"h200": 80, "mi300x": 45, "tpu-v6e": 60, "inferentia2": 30, "groq": 400, "cerebras": 2000}


async def test_single_streams_keep_the_modelled_pace(virtual) -> None:
    """All six at once for about a second: a fresh fleet draws what the same scheduler draws in virtual time."""

    async def compare(client: httpx.AsyncClient, stack_id: str, tokens: int) -> None:
        sent_s = time.monotonic()
        seen = await stream(client, stack_id, characters=2000, max_tokens=tokens, ignore_eos=True)
        modelled = virtual.drive(STACKS[stack_id], [Job(1, 0, 500, tokens)], seed=3)
        modelled_s = [ns / 1e9 for ns in Counter(modelled.token_ns[1])]
        measured_s = seen.content_s
        assert len(measured_s) == len(modelled_s)
        # A busy machine makes single events late; the pace shows in how much later the last third is than the first.
        late_s = [at - due for at, due in zip(measured_s, modelled_s, strict=True)]
        third = len(late_s) // 3
        span_s = modelled_s[-third // 2] - modelled_s[third // 2]
        assert abs(median(late_s[-third:]) - median(late_s[:third])) < 0.01 * span_s, stack_id
        ttft_s = STACKS[stack_id].front_end_ms / 1e3 + modelled_s[0]
        assert ttft_s < measured_s[0] - sent_s < ttft_s + 0.5, stack_id
        off = [
            abs((b - a) - (d - c)) for (a, b), (c, d) in zip(pairwise(measured_s), pairwise(modelled_s), strict=True)
        ]
        assert quantiles(off)[0] < 0.0015, stack_id  # of the quickest quarter: most may be late on a busy machine

    with start_fleet(STACKS, seed=3) as fresh:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{fresh.port}", timeout=30) as client:
            await client.get("/")
            await asyncio.gather(*(compare(client, stack_id, tokens) for stack_id, tokens in PACED_TOKENS.items()))
