"""The house: five floors, imports run downward only, and the lower ones know nothing of the screen."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("backends", "engine", "profiles", "sessions", "tui")  # from the ground up
FILES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def imported(path):
    """(line, absolute dotted name) of every import in a file, as the wheel lays the house out."""
    package = ("infertop", *path.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level] if node.level else ()
            name = ".".join((*base, *((node.module or "").split(".") if node.module else ())))
            yield node.lineno, name
            yield from ((node.lineno, f"{name}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downward_only(path):
    own = FLOORS.index(path.relative_to(ROOT).parts[0])
    for line, name in imported(path):
        parts = name.split(".")
        assert parts[0] not in FLOORS, f"{path}:{line}: import across floors relatively, not `{name}`"
        if parts[0] == "infertop" and len(parts) > 1 and parts[1] in FLOORS:
            assert FLOORS.index(parts[1]) <= own, f"{path}:{line}: {FLOORS[own]} must not know {parts[1]}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600


@pytest.mark.parametrize("floor", FLOORS)
def test_every_floor_says_what_lives_there(floor):
    text = ast.get_docstring(ast.parse((ROOT / floor / "__init__.py").read_text(encoding="utf-8")))
    assert text
    assert "Import from here" in text
    assert "Must not be put here" in text


def test_lower_floors_never_load_textual():
    """Imports every module of the four lower floors in a fresh interpreter."""
    modules = [
        "infertop." + ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in FILES
        if path.relative_to(ROOT).parts[0] != "tui" and path.name != "__main__.py"
    ]
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print([name for name in ('textual',) if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_wheel_holds_every_floor():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert set(wheel["only-include"]) == {"infertop", *FLOORS}
    assert wheel["sources"] == {floor: f"infertop/{floor}" for floor in FLOORS}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages == {"infertop", *FLOORS}
