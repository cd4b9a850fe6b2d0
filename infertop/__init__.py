"""infertop: htop for inference hardware.

The name and the front door. In a source checkout the floors (tui, sessions, profiles, engine, backends) lie
beside this folder; a wheel holds them inside it. Nothing else belongs here.
"""

from pathlib import Path

_root = Path(__file__).resolve().parent.parent
if (_root / "tui").is_dir() and (_root / "pyproject.toml").is_file():
    __path__.append(str(_root))

__version__ = "0.1.0"
