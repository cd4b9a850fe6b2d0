"""How a person says where a Ray cluster is. Needs no Ray."""

import re
from importlib.util import find_spec
from typing import Final, NamedTuple

FORMS: Final = "HOST:6379 on one of its machines, ray://HOST:10001 from elsewhere, or auto"
"""How a cluster may be named, for messages."""

MISSING: Final = "a Ray cluster needs the extra ray: pip install 'infertop[ray]'"

_ADDRESS: Final = re.compile(r"(?:ray://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")


class Door(NamedTuple):
    """Where a cluster listens."""

    host: str
    port: int


def is_address(text: str) -> bool:
    """Whether `text` names a cluster in one of the FORMS."""
    return text == "auto" or door(text) is not None


def door(address: str) -> Door | None:
    """Where to knock; None for "auto", which this machine knows, and for what is no address."""
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 65536:
        return None
    return Door(found["host"].strip("[]"), int(found["port"]))


def has_ray() -> bool:
    """Whether the extra is installed; loads nothing."""
    return find_spec("ray") is not None
