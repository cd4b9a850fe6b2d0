"""Every documented way to install and start it, each in a fresh environment."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import infertop

ROOT = Path(__file__).resolve().parents[2]
VERSION = f"infertop {infertop.__version__}"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(*command, cwd, **environment):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "", **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture
def environment(tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    return tmp_path / "venv" / "bin"


@pytest.mark.parametrize("how", [(), ("-e",)], ids=["pip install .", "pip install -e ."])
def test_pip(how, environment, tmp_path):
    run(environment / "pip", "install", "-q", *how, ROOT, cwd=tmp_path)
    assert run(environment / "infertop", "--version", cwd=tmp_path) == VERSION
    assert run(environment / "python", "-m", "infertop", "--version", cwd=tmp_path) == VERSION
    assert "fleet" in run(environment / "infertop", "profiles", "list", cwd=tmp_path)  # data files came along


def test_uv_tool(environment, tmp_path):
    run(environment / "pip", "install", "-q", "uv", cwd=tmp_path)
    folders = {
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_PYTHON": sys.executable,
    }
    run(environment / "uv", "tool", "install", "-q", ROOT, cwd=tmp_path, **folders)
    assert run(tmp_path / "bin" / "infertop", "--version", cwd=tmp_path) == VERSION


def test_from_a_checkout_without_installing():
    """Only the dependencies are there: the folders beside `infertop/` are found by its `__path__`."""
    program = (
        "import sys; sys.path.insert(0, '.'); import infertop.tui.cli as cli, infertop;"
        "print(cli.__file__, infertop.__version__)"
    )
    told = run(sys.executable, "-P", "-c", program, cwd=ROOT)
    assert told == f"{ROOT / 'tui' / 'cli.py'} {infertop.__version__}"
