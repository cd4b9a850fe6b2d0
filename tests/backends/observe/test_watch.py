"""Watching over real sockets: what is found where, what is said of servers that misbehave, and who gets a key."""

import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest

from infertop.backends.observe import fetching
from infertop.backends.observe.plan import PowerPlan, Target
from infertop.backends.observe.readings import PowerReading, PowerTrouble, ServerReading, ServerTrouble
from infertop.backends.observe.watch import candidates, watch


def answer(body, status=b"200 OK"):
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def by_path(**pages):
    """Answers by path, 404 elsewhere; slashes are written as double underscores."""
    wanted = {f"/{name.replace('__', '/')}": body for name, body in pages.items()}

    async def script(peer):
        while True:
            head, _ = await peer.request()
            path = head.split()[1]
            await peer.send(answer(wanted[path]) if path in wanted else answer(b"no", b"404 Not Found"))

    return script


async def heard(target, wanted, seconds=1.5):
    """What is said in a while, or as soon as `wanted` messages came."""
    said, enough = [], asyncio.Event()

    def say(message):
        said.append(message)
        if len(said) >= wanted:
            enough.set()

    watching = asyncio.create_task(watch(target, say))
    with suppress(TimeoutError):
        await asyncio.wait_for(enough.wait(), seconds)
    watching.cancel()
    await asyncio.wait([watching])
    return said


def test_metrics_are_looked_for_beside_the_base_url():
    assert candidates(Target(name="a", url="http://h:8000/v1")) == (
        "http://h:8000/metrics",
        "http://h:8000/prometheus/metrics",
    )
    assert candidates(Target(name="a", url="http://h/gpu1/v1"))[0] == "http://h/gpu1/metrics"
    assert candidates(Target(name="a", url="http://h/gpu1/v1"))[-1] == "http://h/metrics"
    assert candidates(Target(name="a", url="http://h/v1", metrics_url="http://m/x")) == ("http://m/x",)


async def test_pages_come_again_and_again(serve, page):
    async with serve(by_path(metrics=page("vllm"))) as server:
        said = await heard(Target(name="a", url=f"{server.url}/v1", every_s=0.1), 3)
        assert server.connections == 1
    assert [type(each) for each in said] == [ServerReading] * 3
    assert {(each.name, each.source, each.figures.running) for each in said} == {("a", "vLLM /metrics", 13)}
    gaps_ns = [b.at_ns - a.at_ns for a, b in pairwise(said)]
    assert all(50e6 < gap < 400e6 for gap in gaps_ns)


async def test_tensorrt_llm_is_found_behind_its_json(serve, page):
    async with serve(by_path(metrics=b'[{"iter": 1}]', prometheus__metrics=page("trtllm"))) as server:
        (said,) = await heard(Target(name="a", url=f"{server.url}/v1"), 1)
    assert said.source == "TensorRT-LLM /prometheus/metrics"


async def test_a_page_with_power_is_power_too(serve, page):
    async with serve(by_path(metrics=page("triton"))) as server:
        said = await heard(Target(name="a", url=server.url, every_s=0.1), 4)
        stated = Target(name="a", url=server.url, every_s=0.1, power=PowerPlan(source="modelled"))
        assert not any(isinstance(each, PowerReading) for each in await heard(stated, 3))
    first, second = (each for each in said if isinstance(each, PowerReading))
    assert (first.source, first.watts, first.joules, first.measured) == ("Triton", 600, 0, True)
    assert second.joules == pytest.approx(600 * (second.at_ns - first.at_ns) / 1e9)


async def test_a_share_of_the_hosts_power_is_a_share_of_everything(serve, page):
    async with serve(by_path(metrics=page("dcgm"))) as server:
        plan = PowerPlan(source="dcgm", url=f"{server.url}/metrics", share=0.5)
        (said,) = await heard(Target(name="a", url=server.url, metrics_url="off", power=plan), 1)
    assert said.watts == pytest.approx(512.75 / 2)


async def test_a_server_without_metrics_is_asked_once(serve):
    async with serve(by_path()) as server:
        said = await heard(Target(name="a", url=f"{server.url}/v1", every_s=0.05), 9, 0.5)
        assert len(server.requests) == 2
    assert said == [ServerTrouble("a", "no metrics that infertop knows at /metrics or /prometheus/metrics")]


async def test_a_url_somebody_stated_is_asked_again(serve, page):
    async with serve(by_path()) as server:
        target = Target(name="a", url=server.url, metrics_url=f"{server.url}/metrics", every_s=0.05)
        assert len(await heard(target, 3)) == 3


async def test_a_server_that_is_not_up_yet_is_asked_again(serve, page):
    bodies = [answer(b"starting", b"503 Service Unavailable"), answer(page("tgi"))]

    async def script(peer):
        while True:
            await peer.request()
            await peer.send(bodies.pop(0) if len(bodies) > 1 else bodies[0])

    async with serve(script) as server:
        said = await heard(Target(name="a", url=server.url, every_s=0.05), 2)
    assert [type(each) for each in said] == [ServerTrouble, ServerReading]
    assert "HTTP 503" in said[0].text


async def test_nobody_there_is_said_and_asked_again():
    said = await heard(Target(name="a", url="http://127.0.0.1:9/v1", every_s=0.05), 2)
    assert len(said) == 2
    assert "refused" in said[0].text


MISBEHAVIOUR = {
    "hangs": [b""],
    "hangs in the middle": [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntgi_queue"],
    "garbage": [b"\x00\x01\x02 not http\r\n\r\n"],
    "is huge": [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", *[b"x" * 65536] * 100],
    "is cut": [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"],
    "redirects": [b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"],
}


@pytest.mark.parametrize("how", MISBEHAVIOUR)
async def test_whatever_a_server_does_there_is_an_error_in_time(serve, monkeypatch, how):
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.3)

    async def script(peer):
        await peer.request()
        await peer.send(*MISBEHAVIOUR[how])
        if how.startswith("hangs"):
            await peer.gone()

    async with serve(script) as server:
        target = Target(name="a", url=server.url, metrics_url=f"{server.url}/metrics", every_s=0.1)
        said = await heard(target, 2, 3.0)
    assert [type(each) for each in said] == [ServerTrouble] * 2
    assert all(each.text.isprintable() and len(each.text) < 400 for each in said)


async def test_a_key_goes_to_the_backends_own_host_only(serve, page, monkeypatch):
    monkeypatch.setenv("A_KEY", "canary-4711")
    async with serve(by_path(metrics=page("vllm"))) as own, serve(by_path(metrics=page("vllm"))) as other:
        await heard(Target(name="a", url=f"{own.url}/v1", key="env:A_KEY"), 1)
        await heard(Target(name="a", url=f"{own.url}/v1", key="env:A_KEY", metrics_url=f"{other.url}/metrics"), 1)
    assert "canary-4711" in own.requests[0][0]
    assert "canary-4711" not in other.requests[0][0]


async def test_a_source_that_is_not_here_is_said_once_and_metrics_go_on(serve, page):
    async with serve(by_path(metrics=page("vllm"))) as server:
        plan = PowerPlan(source="neuron", max_watts=175.0)
        said = await heard(Target(name="a", url=server.url, every_s=0.1, power=plan), 4)
    troubles = [each for each in said if isinstance(each, PowerTrouble)]
    assert [(each.source, "no Neuron chip" in each.text) for each in troubles] == [("Neuron", True)]
    assert sum(isinstance(each, ServerReading) for each in said) == 3
