"""Keys planted everywhere one may be given are in nothing that a run leaves behind or shows.

Looked through: both outputs, every file written (recordings frame by frame), and the command lines of all processes
while it ran. The server repeats the key in its errors, in its `Server` field and in its answers.
"""

import base64
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from infertop.engine.frame import encode
from infertop.sessions.journal.reader import open_recording

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow

CANARY = "canary0123456789"
"""Part of every key planted."""

CRASHING = """
from infertop.engine.driver import Driver

frame = Driver.frame

async def crash(self):
    backend = self._lanes[0]._backend
    if backend is not None and self._started_utc:
        raise RuntimeError(f"planted: {backend._headers!r} {backend._key!r} {vars(backend)!r}")
    return await frame(self)

Driver.frame = crash
"""
KEYRING = """
from pathlib import Path
from keyring.backend import KeyringBackend

class Stub(KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        return Path({path!r}).read_text()
    def set_password(self, *_): ...
    def delete_password(self, *_): ...
"""


class Leaky:
    """The server in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "leaky_server.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = self.process.stdout.readline().strip()
        self.seen: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        self.seen.extend(iter(self.process.stdout.readline, ""))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)
        self._reading.join()
        self.process.stdout.close()


@pytest.fixture
def leaky():
    server = Leaky()
    yield server
    server.close()


class Person:
    """Runs infertop in a home of its own and keeps all that could be seen of it."""

    def __init__(self, tmp_path: Path) -> None:
        self.home = tmp_path / "home"
        self.hidden = tmp_path / "hidden"  # where keys may lie
        self.home.mkdir()
        self.hidden.mkdir()
        (self.home / "tmp").mkdir()
        self.shown = ""
        self.command_lines: set[str] = set()
        self._environment = {
            name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV", "PYTHONPATH") if name in os.environ
        } | {
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            **{f"XDG_{kind}_HOME": str(self.home / kind.lower()) for kind in ("CONFIG", "STATE", "DATA", "CACHE")},
        }

    def run(self, *words: str, stop_after_s: float | None = None, **environment: str) -> int:
        process = subprocess.Popen(
            [sys.executable, "-m", "infertop", *words],
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment | environment,
        )
        watching = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(watching,))
        watcher.start()
        if stop_after_s is not None:
            time.sleep(stop_after_s)
            process.send_signal(signal.SIGTERM)
        try:
            self.shown += process.communicate(timeout=60)[0]
        finally:
            watching.set()
            watcher.join()
        return process.returncode

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.command_lines.add(path.read_text("utf-8", "replace"))
                except OSError:
                    continue

    def left_behind(self) -> list[tuple[str, bytes]]:
        """Everything a run left or showed, by where."""
        found = [("output", self.shown.encode()), ("command lines", "\n".join(self.command_lines).encode())]
        for path in self.home.rglob("*"):
            if path.is_file():
                found.append((str(path), path.read_bytes()))
            if path.suffix == ".itop":
                with open_recording(path) as recording:
                    found += [(f"a frame of {path}", encode(frame)) for frame in recording.frames()]
                    found += [(f"a request of {path}", repr(row).encode()) for row in recording.requests()]
        return found


@pytest.fixture
def person(tmp_path):
    return Person(tmp_path)


def check_no_leak(person, leaky=None):
    spellings = (CANARY.encode(), *(base64.b64encode(f"{pad}{CANARY}".encode())[4:-8] for pad in ("", "x", "xx")))
    for where, data in person.left_behind():
        for spelling in spellings:
            assert spelling not in data, f"{where}: {data[max(0, data.find(spelling) - 200) :][:400]!r}"
    if leaky is not None:
        assert leaky.seen
        sent = " ".join(leaky.seen)
        assert CANARY in sent or base64.b64encode(f"user:{CANARY}".encode()).decode() in sent, "the key was not used"


def profile(person, url, key, more=""):
    (person.home / "mine.toml").write_text(f"""
[[backends]]
name = "leaky"
url = "{url}"
model = "m"
api = "openai-chat"
key = "{key}"
{more}
[workload]
max_tokens = 8
[arrivals]
concurrency = 2
[run]
requests = 6
""")
    return ("run", "mine.toml", "--headless")


@pytest.mark.parametrize(
    ("given", "path"),
    [("env", "/v1"), ("env", "/refuse/v1"), ("env", "/break/v1"), ("file", "/v1"), ("keyring", "/refuse/v1")],
)
def test_a_run_that_ends(person, leaky, given, path):
    key = f"sk-{CANARY}"
    environment, reference = {}, "env:MY_KEY"
    if given == "env":
        environment["MY_KEY"] = key
    else:
        (person.hidden / "key").write_text(key)
        reference = f"file:{person.hidden / 'key'}"
    if given == "keyring":
        (person.hidden / "stubring.py").write_text(KEYRING.format(path=str(person.hidden / "key")))
        environment |= {"PYTHON_KEYRING_BACKEND": "stubring.Stub", "PYTHONPATH": str(person.hidden)}
        reference = "keyring:infertop/groq"
    code = person.run(*profile(person, leaky.url + path, reference), "--json", **environment)
    assert code == (0 if path == "/v1" else 1), person.shown
    assert list(person.home.rglob("*.itop")), "it was recorded"
    check_no_leak(person, leaky)


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_crash_of_the_engine(person, leaky, debug):
    (person.hidden / "sitecustomize.py").write_text(CRASHING)
    words = profile(person, f"{leaky.url}/hang/v1", "env:MY_KEY")
    code = person.run(
        *words, MY_KEY=f"sk-{CANARY}", PYTHONPATH=str(person.hidden), INFERTOP_DEBUG=debug, PYTHONFAULTHANDLER="1"
    )
    assert code == 1
    assert "planted" in person.shown, person.shown
    check_no_leak(person, leaky)


def test_a_run_that_is_ended_from_outside(person, leaky):
    words = profile(person, f"{leaky.url}/hang/v1", "env:MY_KEY")
    code = person.run(*words, "--duration", "30s", stop_after_s=4, MY_KEY=f"sk-{CANARY}")
    assert code in {130, 143}, person.shown
    check_no_leak(person, leaky)


@pytest.mark.parametrize("path", ["/v1", "/refuse/v1"])
def test_a_proxy_with_a_password(person, leaky, path):
    proxy = leaky.url.replace("http://", f"http://user:{CANARY}@")
    code = person.run(*profile(person, f"http://gpu.test{path}", ""), HTTP_PROXY=proxy, NO_PROXY="")
    assert code == (0 if path == "/v1" else 1), person.shown
    check_no_leak(person, leaky)


def test_a_proxy_that_is_not_there_and_one_of_an_unsupported_kind(person):
    for proxy in (f"http://user:{CANARY}@127.0.0.1:9", f"socks5://user:{CANARY}@127.0.0.1:9"):
        assert person.run(*profile(person, "http://gpu.test/v1", ""), HTTP_PROXY=proxy, NO_PROXY="") == 1
    check_no_leak(person)


@pytest.mark.parametrize(
    "more",
    [
        f'extra = {{ authorization = "Bearer {CANARY}" }}',
        f'extra = {{ api_key = "{CANARY}" }}',
        f'headers = {{ "X-Api-Key" = "{CANARY}" }}',
        f'key = "sk-{CANARY}"',
        f'token = "sk-{CANARY}"',
    ],
)
def test_a_key_in_the_wrong_place_of_a_profile(person, more):
    (person.hidden / "mine.toml").write_text(f'[[backends]]\nname = "a"\nurl = "http://a/v1"\n{more}\n')
    for words in (("run", str(person.hidden / "mine.toml"), "--headless"), ("profiles", "check")):
        file = () if words[0] == "run" else (str(person.hidden / "mine.toml"),)
        assert person.run(*words, *file) == 2
    check_no_leak(person)


@pytest.mark.parametrize(
    "words",
    [
        (f"http://user:{CANARY}@127.0.0.1:9",),
        (f"https://127.0.0.1:9/v1?api_key={CANARY}",),
        ("http://127.0.0.1:9", "--key", f"sk-{CANARY}"),
        ("http://127.0.0.1:9", f"--api-key=sk-{CANARY}"),
    ],
)
def test_a_key_typed_on_the_command_line_is_refused_and_not_repeated(person, words):
    assert person.run(*words, "--headless") == 2
    assert CANARY not in person.shown
    assert re.search(r"infertop", person.shown)
