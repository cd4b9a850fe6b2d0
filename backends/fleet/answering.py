"""Answering one request over HTTP: a stream of events or a document, and what faults do to either."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
from aiohttp import HttpVersion11, web

from .endpoint import Endpoint
from .faults import Fault, first_of_kind, token_of
from .replica import Deliver
from .wire import AnswerEvents, Order, read_order, refusal, whole_answer


async def answer(endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
    """The response to a chat request; raises ApiError."""
    order = read_order(await request.read(), endpoint.stack, endpoint.seed)
    struck = endpoint.struck_by(order)
    if refused := first_of_kind(struck, "rate-limit", "error"):
        raise refusal(refused)
    cold = first_of_kind(struck, "cold")
    answer_id, model, created_s = f"chatcmpl-{uuid4().hex}", endpoint.stack.model.name, int(time.time())
    if not order.stream:
        await _run(endpoint, order, _nothing, cold)
        return json_response(whole_answer(order, answer_id, model, created_s))

    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    transport = request.transport
    if transport is None:  # the client left while the headers were written
        return response
    chunked = request.version >= HttpVersion11
    events = AnswerEvents(order, answer_id, model, created_s)

    def deliver(tokens: int, _: bool) -> None:
        event = events.next(tokens)
        if not transport.is_closing():  # a lost connection cancels this handler, but only a moment later
            transport.write(b"%x\r\n%b\r\n" % (len(event), event) if chunked else event)

    written: Deliver = deliver
    if cut := first_of_kind(struck, "cut"):
        after = token_of(cut, endpoint.seed, order.known_by, order.output_tokens)
        written = cut_off(deliver, after, transport.close)
    await _run(endpoint, order, written, cold, first_of_kind(struck, "stall"))
    return response


def json_response(document: dict[str, Any]) -> web.Response:
    """`document` as a response."""
    return web.Response(body=msgspec.json.encode(document), content_type="application/json")


async def _run(
    endpoint: Endpoint, order: Order, deliver: Deliver, cold: Fault | None, stall: Fault | None = None
) -> None:
    """Have `order` answered; leaving early, by cancellation, takes it out of the batch."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def deliver_and_finish(tokens: int, finished: bool) -> None:
        deliver(tokens, finished)
        if finished and not done.done():
            done.set_result(None)

    held: Deliver = deliver_and_finish
    if stall is not None:
        after = token_of(stall, endpoint.seed, order.known_by, order.output_tokens)
        held = held_back(deliver_and_finish, after, stall.stall_s)
    cancel = endpoint.submit(order, held, cold)
    try:
        await done
    finally:
        cancel()


def held_back(deliver: Deliver, after_tokens: int, stall_s: float) -> Deliver:
    """`deliver`, except that nothing comes for `stall_s` after so many tokens, and then all that was held back."""
    passed = waiting = 0
    stalled = over = ended = False

    def resume() -> None:
        nonlocal over
        over = True
        if waiting:
            deliver(waiting, ended)

    def hold(tokens: int, finished: bool) -> None:
        nonlocal passed, waiting, stalled, ended
        if stalled and not over:
            waiting, ended = waiting + tokens, finished
            return
        deliver(tokens, finished)
        passed += tokens
        if passed >= after_tokens and not stalled:
            stalled = True
            asyncio.get_running_loop().call_later(stall_s, resume)

    return hold


def cut_off(deliver: Deliver, after_tokens: int, cut: Callable[[], None]) -> Deliver:
    """`deliver`, except that the connection is closed after so many tokens, or in place of the answer's end."""
    passed = 0

    def or_cut(tokens: int, finished: bool) -> None:
        nonlocal passed
        passed += tokens
        if finished:
            cut()
            return
        deliver(tokens, finished)
        if passed >= after_tokens:
            cut()

    return or_cut


def _nothing(_tokens: int, _finished: bool) -> None:
    """A whole document is sent when all is done."""
