"""The server: one page, what belongs to it, and a websocket for each view. Nothing in it comes from elsewhere."""

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from aiohttp import WSMsgType, web
from textual_serve import server as textual_serve

from .guard import HEADERS, Guard, local_names
from .view import MOST_CELLS, View

_OURS: Final = Path(str(files(__package__) / "static"))
_THEIRS: Final = Path(textual_serve.__file__).parent / "static"
"""textual-serve's: the terminal's script and style, and a font."""

_ASSETS: Final = {
    "": (_OURS / "page.html", "text/html"),
    "page.css": (_OURS / "page.css", "text/css"),
    "page.js": (_OURS / "page.js", "text/javascript"),
    "textual.js": (_THEIRS / "js" / "textual.js", "text/javascript"),
    "xterm.css": (_THEIRS / "css" / "xterm.css", "text/css"),
    "mono.ttf": (_THEIRS / "fonts" / "RobotoMono-VariableFont_wght.ttf", "font/ttf"),
}
MOST_VIEWS: Final = 8
_MOST_MESSAGE: Final = 1 << 20


class Server:
    """Serves views.

    Args:
        words: the command line (after `infertop`) of a view that opens now.
        secret: the first part of every path.
        loopback: whether it is bound to this machine only, and so called by known names.
    """

    def __init__(self, words: Callable[[], Sequence[str]], secret: str, *, loopback: bool) -> None:
        self._words = words
        self._secret = secret
        self._loopback = loopback
        self._guard = Guard(secret, None)
        self._assets = {name: (path.read_bytes(), kind) for name, (path, kind) in _ASSETS.items()}
        self._open: set[web.WebSocketResponse] = set()
        app = web.Application()
        app.router.add_get("/{secret}/ws", self._view)
        app.router.add_get("/{secret}/{name:[a-z.]*}", self._asset)
        app.on_shutdown.append(self._close)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)

    async def start(self, host: str, port: int) -> str:
        """Listen on `host`; returns the address of the page. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
        port = listener.getsockname()[1]
        if self._loopback:
            self._guard = Guard(self._secret, local_names(port))
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/{self._secret}/"

    async def stop(self) -> None:
        """Close every view, and the server."""
        await self._runner.cleanup()

    async def _close(self, _: web.Application) -> None:
        await asyncio.gather(*(socket.close() for socket in list(self._open)))

    def _admit(self, request: web.Request) -> None:
        if not self._guard.admits(request.match_info["secret"], request.host):
            raise web.HTTPNotFound(headers=HEADERS)

    async def _asset(self, request: web.Request) -> web.Response:
        self._admit(request)
        if request.match_info["name"] not in self._assets:
            raise web.HTTPNotFound(headers=HEADERS)
        body, kind = self._assets[request.match_info["name"]]
        charset = None if kind.startswith("font") else "utf-8"
        return web.Response(body=body, content_type=kind, charset=charset, headers=HEADERS)

    async def _view(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        if not self._guard.opens(request.host, request.headers.get("Origin"), request.scheme):
            raise web.HTTPForbidden(headers=HEADERS)
        if len(self._open) >= MOST_VIEWS:
            raise web.HTTPServiceUnavailable(headers=HEADERS, text=f"{MOST_VIEWS} views are open already")
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=_MOST_MESSAGE)
        await websocket.prepare(request)
        self._open.add(websocket)
        view = View(self._words(), websocket.send_bytes)
        showing = asyncio.create_task(_shown(view, websocket, request))
        try:
            async for message in websocket:
                if message.type == WSMsgType.TEXT:
                    await _obey(message.data, view, websocket)
        finally:
            self._open.discard(websocket)
            await view.close()
            await showing
        return websocket


async def _shown(view: View, websocket: web.WebSocketResponse, request: web.Request) -> None:
    """Run the view to its end, then close its websocket; a browser that has gone ends it too."""
    try:
        await view.run(_cells(request.query.get("width"), 80), _cells(request.query.get("height"), 24))
    except ConnectionError:
        await view.close()
    await websocket.close()


async def _obey(text: str, view: View, websocket: web.WebSocketResponse) -> None:
    """Do what the page asks; what makes no sense closes the view."""
    try:
        match json.loads(text):
            case ["stdin", str(typed)]:
                view.type(typed)
            case ["resize", {"width": width, "height": height}]:
                view.resize(_cells(width, 80), _cells(height, 24))
            case ["ping", data]:
                await websocket.send_json(["pong", data])
            case ["focus" | "blur" as what]:
                view.focus(on=what == "focus")
            case _:
                await websocket.close()
    except json.JSONDecodeError:
        await websocket.close()


def _cells(said: Any, otherwise: int) -> int:
    """A number of columns or rows that a page says."""
    try:
        return min(max(int(said), 1), MOST_CELLS)
    except (TypeError, ValueError):
        return otherwise
