"""API keys: named by reference in profiles and on command lines, read at the last moment, never shown."""

import base64
import importlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import unquote

_REDACTED = "[key]"


FORMS: Final = "env:NAME, file:PATH or keyring:SERVICE/NAME"
"""How a key may be referred to, for messages."""

_REFERENCE: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:[^/]+/.+")


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


def is_reference(text: str) -> bool:
    """Whether `text` says where a key is, in one of the FORMS."""
    return bool(_REFERENCE.fullmatch(text))


def resolve(reference: str) -> Secret | None:
    """The key that `reference` names (see `is_reference`), or None for "".

    Raises:
        CredentialError: there is no such variable, file or entry, or what it holds cannot be a key.
    """
    if not reference:
        return None
    if not is_reference(reference):
        raise CredentialError(f"a key is given as {FORMS}, never as the key itself")
    kind, _, name = reference.partition(":")
    what, read = _SOURCES[kind]
    value = read(name).rstrip("\r\n")
    if not value:
        raise CredentialError(f"{reference}: the {what} is empty")
    if not (value.isascii() and value.isprintable() and " " not in value):
        raise CredentialError(f"{reference}: holds something that is not a key (blanks, line ends or non-ASCII)")
    return Secret(value)


def proxy_secrets() -> tuple[Secret, ...]:
    """Passwords of the environment's proxies, as they are written there and as they are sent."""
    from urllib.request import getproxies  # noqa: PLC0415  as long to import as all of `infertop --help`

    found = []
    for proxy in set(getproxies().values()):
        userinfo = proxy.rpartition("@")[0].rpartition("//")[2]
        user, colon, password = userinfo.partition(":")
        if colon and password:
            sent = f"{unquote(user)}:{unquote(password)}".encode()
            found += [userinfo, unquote(password), password, base64.b64encode(sent).decode()]
    return tuple(map(Secret, found))


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


def _keyring(name: str) -> str:
    """The password of the system's keyring under SERVICE/NAME (the extra `keyring`)."""
    service, _, entry = name.partition("/")
    try:
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
    except ImportError:
        raise CredentialError(
            f"keyring:{name}: reading the system's keyring needs an extra: pip install 'infertop[keyring]'"
        ) from None
    try:
        value = keyring.get_password(service, entry)
    except errors.KeyringError as error:
        raise CredentialError(f"keyring:{name}: {type(error).__name__}: no keyring of this system opens") from None
    if value is None:
        raise CredentialError(f"keyring:{name}: no such entry; keyring set {service} {entry} makes one")
    return str(value)


_SOURCES: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "env": ("variable", _variable),
    "file": ("file", _file),
    "keyring": ("entry", _keyring),
}
