"""Takes the pictures of the console in a browser for the docs.

    python docs/pictures/web.py

Runs `infertop web` and has Chromium open it, as the tests do. Needs chromium; nothing of infertop needs it.
"""

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "tui" / "web"))

from browser import chromium  # noqa: E402

SIZE_PX = (1000, 640)
WAIT_S = 25.0


async def main() -> None:
    home = tempfile.mkdtemp()  # the theme of last time is nobody's but the picture's
    server = await asyncio.create_subprocess_exec(
        *("infertop", "web", "--", "run", "fleet"),
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"XDG_STATE_HOME": home, "XDG_DATA_HOME": home},
    )
    said = (await server.stderr.readline()).decode()
    try:
        async with chromium() as browser:
            tab = await browser.open(re.search(r"http://\S+", said).group(), *SIZE_PX)
            await asyncio.sleep(WAIT_S)
            for name in ("browser-dark", "browser-light"):
                (HERE / f"{name}.png").write_bytes(await tab.picture())
                sys.stdout.write(f"{name}.png\n")
                await tab.type("t")
                await asyncio.sleep(2)
    finally:
        server.send_signal(signal.SIGTERM)
        await server.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(main())
