"""A real Chromium, driven through its DevTools protocol over a websocket."""

import asyncio
import base64
import itertools
import json
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--disable-default-apps", "--enable-unsafe-swiftshader",
    "--mute-audio", "--hide-scrollbars", "--use-gl=angle", "--use-angle=swiftshader",
)  # fmt: skip


SLOW_MACHINE = "task queue exceeded allotted deadline"
"""What xterm.js warns of where another process had the core."""


class Browser:
    """A connection to a running Chromium."""

    def __init__(self, socket):
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting = {}
        self.tabs = {}

    async def listen(self):
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                answer = self._waiting.pop(said["id"])
                if "error" in said:
                    answer.set_exception(RuntimeError(str(said["error"])))
                else:
                    answer.set_result(said["result"])
            elif said.get("sessionId") in self.tabs:
                self.tabs[said["sessionId"]].heard(said["method"], said["params"])

    async def ask(self, method, session=None, **params):
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        await self._socket.send_json(message)
        return await asyncio.wait_for(self._waiting[number], 20)

    async def open(self, address, width=1000, height=600):
        target = (await self.ask("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.ask("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        tab = self.tabs[session] = Tab(self, session, target)
        for domain in ("Page", "Network", "Runtime", "Log"):
            await tab.ask(f"{domain}.enable")
        await tab.resize(width, height)
        await tab.ask("Page.navigate", url=address)
        return tab


class Tab:
    """A page: what it asked the network for, what its console complains of, what its terminal was told to draw."""

    def __init__(self, browser, session, target):
        self._browser = browser
        self._session = session
        self._target = target
        self.requests = []
        self.complaints = []
        self.drawn = b""

    def heard(self, method, params):
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Network.webSocketFrameReceived":
                payload = params["response"]["payloadData"]
                self.drawn += base64.b64decode(payload) if params["response"]["opcode"] == 2 else payload.encode()
            case "Runtime.exceptionThrown":
                self.complaints.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in {"error", "warning", "assert"}:
                if SLOW_MACHINE not in str(params["args"]):
                    self.complaints.append(str(params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.complaints.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))

    def forget(self):
        """Begin to look at what is drawn from now on."""
        self.drawn = b""

    def ask(self, method, **params):
        return self._browser.ask(method, self._session, **params)

    async def evaluate(self, expression):
        return (await self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True))[
            "result"
        ].get("value")

    async def resize(self, width, height):
        await self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def type(self, text):
        for char in text:
            key = {"key": char, "text": char, "windowsVirtualKeyCode": ord(char.upper())}
            await self.ask("Input.dispatchKeyEvent", type="keyDown", **key)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", **key)

    async def picture(self):
        return base64.b64decode((await self.ask("Page.captureScreenshot", format="png"))["data"])

    async def close(self):
        await self._browser.ask("Target.closeTarget", targetId=self._target)


@asynccontextmanager
async def chromium():
    """A fresh Chromium with a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # its helpers may write to the very end
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, *_FLAGS, f"--user-data-dir={folder}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port = Path(folder) / "DevToolsActivePort"
            for _ in range(200):
                if port.exists() and len(port.read_text().splitlines()) == 2:
                    break
                await asyncio.sleep(0.1)
            number, path = port.read_text().splitlines()
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(f"ws://127.0.0.1:{number}{path}", max_msg_size=0) as socket,
            ):
                browser = Browser(socket)
                listening = asyncio.create_task(browser.listen())
                yield browser
                listening.cancel()
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 10)
