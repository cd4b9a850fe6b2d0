"""All simulated stacks behind one port: `/{stack}/v1/chat/completions`, `/v1/models`, `/metrics`, `/health`.

Events go straight to the connection's transport: a client that reads slowly must not hold up the others of its
batch, and nothing is gained by passing each token through a coroutine.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import msgspec
from aiohttp import HttpVersion11, web

from .endpoint import Deliver, Endpoint
from .stacks import Stack
from .wire import SERVER, AnswerEvents, ApiError, Order, model_list, read_order, whole_answer

_MOST_BODY_BYTES: Final = 16 * 2**20
_INDEX: Final = "infertop's simulated fleet: every answer and every figure here comes from a model of the hardware.\n"


@asynccontextmanager
async def serve(
    stacks: Iterable[Stack], *, host: str = "127.0.0.1", port: int = 0, seed: int = 1
) -> AsyncIterator[int]:
    """Serve `stacks` and yield the port; raises OSError if it cannot listen there."""
    endpoints = {stack.id: Endpoint(stack, seed) for stack in stacks}
    # handler_cancellation: a client that goes away takes its request out of the batch.
    runner = web.AppRunner(_application(endpoints), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
        for endpoint in endpoints.values():
            endpoint.close()


def _application(endpoints: dict[str, Endpoint]) -> web.Application:
    async def index(_: web.Request) -> web.Response:
        return web.Response(text=_INDEX + "".join(_paragraph(one.stack) for one in endpoints.values()))

    async def chat(request: web.Request) -> web.StreamResponse:
        return await _chat(_endpoint(endpoints, request), request)

    async def models(request: web.Request) -> web.Response:
        endpoint = _endpoint(endpoints, request)
        return _json(model_list(endpoint.stack, endpoint.started_s))

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(text=_endpoint(endpoints, request).metrics())

    async def health(request: web.Request) -> web.Response:
        _endpoint(endpoints, request)
        return web.Response()

    async def elsewhere(request: web.Request) -> web.Response:
        raise ApiError(404, "NotFoundError", f"Nothing at {request.path}; served: {_prefixes(endpoints)}.")

    app = web.Application(client_max_size=_MOST_BODY_BYTES, middlewares=[_errors_as_json])
    app.on_response_prepare.append(_sign)
    app.router.add_get("/", index)
    app.router.add_post("/{stack}/v1/chat/completions", chat)
    app.router.add_get("/{stack}/v1/models", models)
    app.router.add_get("/{stack}/metrics", metrics)
    app.router.add_get("/{stack}/health", health)
    app.router.add_route("*", "/{path:.*}", elsewhere)
    return app


def _paragraph(stack: Stack) -> str:
    first = f"/{stack.id}/v1   SIM   {stack.title}, {stack.engine}, {stack.model.name} {stack.precision}"
    facts = [f"  from: {source}" for source in stack.sources] + [f"  assumed: {fact}" for fact in stack.assumed]
    return "\n".join(["", first, *facts, ""])


async def _sign(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SERVER


@web.middleware
async def _errors_as_json(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except ApiError as error:
        return web.Response(status=error.status, body=error.body, content_type="application/json")
    return response


def _endpoint(endpoints: dict[str, Endpoint], request: web.Request) -> Endpoint:
    try:
        return endpoints[request.match_info["stack"]]
    except KeyError:
        stack_id = request.match_info["stack"]
        message = f"No simulated stack {stack_id!r}; served: {_prefixes(endpoints)}."
        raise ApiError(404, "NotFoundError", message) from None


def _prefixes(endpoints: dict[str, Endpoint]) -> str:
    return ", ".join(f"/{stack_id}/v1" for stack_id in endpoints)


def _json(document: dict[str, Any]) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), content_type="application/json")


async def _chat(endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
    order = read_order(await request.read(), endpoint.stack, endpoint.seed)
    answer_id, model, created_s = f"chatcmpl-{uuid4().hex}", endpoint.stack.model.name, int(time.time())
    if not order.stream:
        await _run(endpoint, order, _nothing)
        return _json(whole_answer(order, answer_id, model, created_s))

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

    await _run(endpoint, order, deliver)
    return response


async def _run(endpoint: Endpoint, order: Order, deliver: Deliver) -> None:
    """Have `order` answered; leaving early, by cancellation, takes it out of the batch."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def deliver_and_finish(tokens: int, finished: bool) -> None:
        deliver(tokens, finished)
        if finished and not done.done():
            done.set_result(None)

    job_id = endpoint.submit(order, deliver_and_finish)
    try:
        await done
    finally:
        endpoint.cancel(job_id)


def _nothing(_tokens: int, _finished: bool) -> None:
    """A whole document is sent when all is done."""
