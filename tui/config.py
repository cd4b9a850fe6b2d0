"""The user's own settings for the console: `config.toml` in the configuration folder, or the file of `--config`."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from ..backends.printable import printable
from ..profiles.problems import suggestion
from .usage import UsageError

if TYPE_CHECKING:
    from .keys import Keys


def default_path() -> Path:
    """Where the user's settings are; the file may not exist."""
    return platformdirs.user_config_path("infertop") / "config.toml"


def load_keys(path: Path | None) -> "Keys | None":
    """The keys that the settings ask for; None without settings, for then nothing heavy need be loaded.

    Args:
        path: of `--config`; None means the user's own, if there are any.

    Raises:
        UsageError: the file cannot be read or says something that cannot be.
    """
    asked, path = path is not None, path or default_path()
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if asked:
            raise UsageError(f"{_shown(path)}: no such file (--config)") from None
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{_shown(path)}: {printable(str(error))}") from None
    from .keys import Keys  # noqa: PLC0415  textual takes half a second

    try:
        return Keys.rebound(_keys(said))
    except ValueError as problem:
        raise UsageError(f"{_shown(path)}: {printable(str(problem), 400)}") from None


def _keys(said: dict[str, object]) -> dict[str, str]:
    for table in said:
        if table != "keys":
            raise ValueError(f"[{table}] is not known{suggestion(table, ['keys'])}")
    keys = said.get("keys", {})
    if not isinstance(keys, dict):
        raise ValueError('keys is a table: write [keys] and under it lines such as freeze = "f2"')
    for name, key in keys.items():
        if not isinstance(key, str) or not key.strip():
            raise ValueError(f'keys.{name} takes a key in quotes, several joined by commas: "f2,x"')
    return keys


def _shown(path: Path) -> str:
    return printable(str(path), 300)
