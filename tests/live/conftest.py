"""Real things to measure: llama.cpp servers, the simulated fleet, and a port where nobody answers."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVERS = Path(__file__).resolve().parents[1] / "servers"


@contextmanager
def served(*arguments):
    """A helper server; yields the line it prints when ready and ends it by closing its standard input."""
    process = subprocess.Popen(
        [sys.executable, *(str(argument) for argument in arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = process.stdout.readline().strip()
        assert line, f"{arguments[0]} did not start"
        yield line
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def written_model(path, **shape):
    spec = importlib.util.spec_from_file_location("tiny_gguf", SERVERS / "tiny_gguf.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_model(path, **shape)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    return written_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture
def four_slots(tmp_path):
    """URL of a real llama.cpp server with 4 slots, whose model takes a millisecond or more a token."""
    model = written_model(tmp_path / "slow.gguf", hidden=256, layers=6, heads=4)
    with served(SERVERS / "llamacpp.py", model, 4) as url:
        yield url


@pytest.fixture(scope="session")
def llamacpp(tiny_model):
    """URLs of two real llama.cpp servers with 2 and 4 slots."""
    with (
        served(SERVERS / "llamacpp.py", tiny_model, 2) as two,
        served(SERVERS / "llamacpp.py", tiny_model, 4) as four,
    ):
        yield two, four


@pytest.fixture
def refusing_url():
    """A loopback port that is bound but not listening: every connection is refused."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}/v1"


@pytest.fixture
def infertop(tmp_path):
    """Runs the command line as a person would, in a home of its own: (exit code, stdout, stderr)."""

    def run(*arguments, timeout=100):
        keep = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONPATH", "SYSTEMROOT")
        environment = {name: os.environ[name] for name in keep if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "infertop", *(str(argument) for argument in arguments)],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            env={**environment, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")},
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def measured(infertop, tmp_path):
    """Runs a profile given as TOML text and returns (exit code, the JSON document)."""

    def run(profile, *flags, timeout=100):
        path = tmp_path / "profile.toml"
        path.write_text(profile, encoding="utf-8")
        code, out, err = infertop("run", path, "--headless", "--json", *flags, timeout=timeout)
        assert out, err
        return code, json.loads(out)

    return run
