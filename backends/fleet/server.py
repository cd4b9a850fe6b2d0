"""All simulated stacks behind one port: `/{stack}/v1/chat/completions`, `/v1/models`, `/metrics`, `/health`.

`/{stack}/control` tells what stack and which faults stand behind an address, and a PUT of either changes it while it
serves (`control`).

Events go straight to the connection's transport (`answering`): a client that reads slowly must not hold up the others
of its batch, and nothing is gained by passing each token through a coroutine.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from . import control
from .answering import answer, json_response
from .endpoint import Endpoint
from .faults import Fault
from .stack import Stack
from .wire import SERVER, ApiError, model_list

_MOST_BODY_BYTES: Final = 16 * 2**20
_INDEX: Final = "infertop's simulated fleet: every answer and every figure here comes from a model of the hardware.\n"


@asynccontextmanager
async def serve(
    stacks: Mapping[str, Stack],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 1,
    faults: Mapping[str, Sequence[Fault]] | None = None,
) -> AsyncIterator[int]:
    """Serve `stacks` with `faults`, both by path prefix, and yield the port.

    Raises:
        OSError: it cannot listen there.
    """
    endpoints = {name: Endpoint(name, stack, seed, (faults or {}).get(name, ())) for name, stack in stacks.items()}
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
        return web.Response(text=_INDEX + "".join(map(_paragraph, endpoints.values())))

    async def chat(request: web.Request) -> web.StreamResponse:
        return await answer(_endpoint(endpoints, request), request)

    async def models(request: web.Request) -> web.Response:
        endpoint = _endpoint(endpoints, request)
        return json_response(model_list(endpoint.stack, endpoint.started_s))

    async def controlled(request: web.Request) -> web.Response:
        return json_response(control.state(_endpoint(endpoints, request)))

    async def change(request: web.Request) -> web.Response:
        return json_response(await control.change(_endpoint(endpoints, request), request))

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
    app.router.add_post("/{stack:.+}/v1/chat/completions", chat)  # names of stacks may hold slashes
    app.router.add_get("/{stack:.+}/v1/models", models)
    app.router.add_get("/{stack:.+}/metrics", metrics)
    app.router.add_get("/{stack:.+}/health", health)
    app.router.add_get("/{stack:.+}/control", controlled)
    app.router.add_put("/{stack:.+}/control/{what}", change)
    app.router.add_route("*", "/{path:.*}", elsewhere)
    return app


def _paragraph(endpoint: Endpoint) -> str:
    stack = endpoint.stack
    first = f"/{endpoint.name}/v1   SIM   {stack.title}, {stack.engine}, {stack.model.name} {stack.precision}"
    facts = [f"  from: {source}" for source in stack.sources] + [f"  assumed: {fact}" for fact in stack.assumed]
    return "\n".join(["", first, *facts, ""])


async def _sign(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SERVER


@web.middleware
async def _errors_as_json(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except ApiError as error:
        return web.Response(
            status=error.status, body=error.body, headers=error.headers, content_type="application/json"
        )
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
