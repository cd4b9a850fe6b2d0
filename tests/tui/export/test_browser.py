"""The page in a real browser without a network: no error, no request, and it prints."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from infertop.sessions.export.page.document import page
from infertop.sessions.export.snapshot import Snapshot
from tests.sessions.export.made import page_of, recorded
from tests.sessions.export.test_page import hostile_frame

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


class Opened:
    """What a browser made of a page: its document, what it complained of, and where it wanted to go."""

    def __init__(self, html: Path, folder: Path, *flags: str) -> None:
        log = folder / "net.json"
        command = (
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--disable-extensions",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder / 'profile'}",
            "--enable-logging=stderr", f"--log-net-log={log}", *flags, html.as_uri(),
        )  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        self.document = done.stdout
        self.complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        asked = re.findall(r'"url":"((?!file:|data:|chrome|devtools|blob:|about:)[^"]+)"', log.read_text())
        self.requests = [url for url in asked if not _own(url)]


def _own(url: str) -> bool:
    """Whether the browser asks on its own behalf."""
    return bool(re.match(r"https?://([a-z0-9.-]+\.)?(google|googleapis|gstatic|gvt1)\.com", json.loads(f'"{url}"')))


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    made = folder / "page.html"
    made.write_text(page_of(recorded(folder / "run.itop", 20)), encoding="utf-8")
    return made


def test_it_opens_without_an_error_or_a_request(html: Path, tmp_path: Path) -> None:
    opened = Opened(html, tmp_path, "--dump-dom")
    assert (opened.complaints, opened.requests) == ([], [])
    assert "Who answers first?" in opened.document


def test_errors_and_requests_would_be_seen(html: Path, tmp_path: Path) -> None:
    """The same page with a picture from elsewhere and a script, which its policy forbids."""
    spoiled = tmp_path / "spoiled.html"
    text = html.read_text(encoding="utf-8")
    spoiled.write_text(text.replace("<main>", "<main><script>1</script><img src='http://192.0.2.1/x.png'>"))
    assert len(Opened(spoiled, tmp_path, "--dump-dom").complaints) == 2
    free = tmp_path / "free.html"
    free.write_text("<img src='http://192.0.2.1/x.png'>")
    assert Opened(free, tmp_path, "--dump-dom").requests


def test_a_hostile_page_is_as_quiet(tmp_path: Path) -> None:
    html = tmp_path / "evil.html"
    html.write_text("".join(page(Snapshot(hostile_frame()))), encoding="utf-8")
    opened = Opened(html, tmp_path, "--dump-dom")
    assert (opened.complaints, opened.requests) == ([], [])
    assert "<script>" not in opened.document


def test_it_prints(html: Path, tmp_path: Path) -> None:
    Opened(html, tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}")
    data = (tmp_path / "page.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(data) > 20_000
