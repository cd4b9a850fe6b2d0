"""API keys: named by reference in profiles and on command lines, read at the last moment, never shown."""

import os
from pathlib import Path
from typing import NoReturn

_REDACTED = "[key]"


class CredentialError(ValueError):
    """A key that a reference names cannot be had; the message names the reference, never a key."""


class Secret:
    """A key. Nothing shows it but `reveal`: not `repr`, `str`, formatting, a traceback or a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written anywhere")

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._value

    def redacted(self, text: str) -> str:
        """`text` without the key, for words of a server that may repeat what it was sent."""
        return text.replace(self._value, _REDACTED)


def resolve(reference: str) -> Secret | None:
    """The key that `reference` names: "env:NAME", "file:PATH", or "" for none.

    Raises:
        CredentialError: there is no such variable or file, or what it holds cannot be a key.
    """
    if not reference:
        return None
    kind, _, name = reference.partition(":")
    if kind not in {"env", "file"} or not name:
        raise CredentialError("a key is given as env:NAME or file:PATH, never as the key itself")
    value = _variable(name) if kind == "env" else _file(name)
    value = value.rstrip("\r\n")
    if not value:
        raise CredentialError(f"{reference}: {'the variable' if kind == 'env' else 'the file'} is empty")
    if not (value.isascii() and value.isprintable() and " " not in value):
        raise CredentialError(f"{reference}: holds something that is not a key (blanks, line ends or non-ASCII)")
    return Secret(value)


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise CredentialError(f"env:{name}: no such environment variable; set it, or name another")
    return value


def _file(name: str) -> str:
    try:
        return Path(name).expanduser().read_text("utf-8")
    except OSError as error:
        raise CredentialError(f"file:{name}: {error.strerror}") from None
    except ValueError:
        raise CredentialError(f"file:{name}: not a text file") from None
