"""AWS credentials: static keys read by ourselves, everything else through botocore's own chain.

Environment variables and static keys in the shared credentials and config files need nothing but the standard
library. Roles, SSO, credential processes, and the metadata services of EC2, ECS and EKS are botocore's (the extra
`aws`): they are AWS's own protocols, and not ours to write again.
"""

import asyncio
import importlib
import os
import time
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from .credentials import CredentialError, Secret

REFRESH_BEFORE: Final = timedelta(minutes=5)
"""How long before they expire credentials are asked for anew."""

REFRESH_AT_MOST_EVERY_S: Final = 30.0
"""Pause between two attempts: some services hand out the same credentials until the last minute."""

_KEY = "aws_access_key_id"
_SECRET = "aws_secret_access_key"  # noqa: S105  the name of the field
_TOKEN = "aws_session_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """What signs a request.

    Attributes:
        access_key: not a secret, but nobody's business: it is not shown either.
        session_token: of temporary credentials only.
        region: "" when nothing names one.
        expires: when they end; None if they do not.
    """

    access_key: str
    secret_key: Secret
    session_token: Secret | None
    region: str
    expires: datetime | None = None

    def __repr__(self) -> str:
        return f"AwsCredentials(…, region={self.region!r}, expires={self.expires})"


def resolve_aws(profile: str = "", region: str = "") -> AwsCredentials:
    """The credentials AWS's own tools would use here; may ask the network, so not for an event loop.

    In this order: the environment's (unless `profile` is given), static keys of the profile (`AWS_PROFILE`, else
    "default") in the shared files, botocore's chain.

    Args:
        profile: of the shared files.
        region: wins over AWS_REGION, AWS_DEFAULT_REGION and the profile's.

    Raises:
        CredentialError: there are none; the message says what would give some.
    """
    settings = _Settings.read(profile)
    region = region or configured_region(profile)
    static = settings.keys if profile else _environment_keys() or settings.keys
    return _credentials(static, region) if static else _from_chain(profile, region)


def configured_region(profile: str = "") -> str:
    """The region that the environment or the profile names; "" if neither does. Raises CredentialError."""
    named = os.environ.get("AWS_REGION", "") or os.environ.get("AWS_DEFAULT_REGION", "")
    return named or _Settings.read(profile).region


class AwsSource:
    """The credentials of one backend, kept until they are about to expire."""

    def __init__(self, profile: str = "", region: str = "") -> None:
        self._profile = profile
        self._region = region
        self._known: AwsCredentials | None = None
        self._asked_s = 0.0
        self._asking = asyncio.Lock()

    async def current(self) -> AwsCredentials:
        """Credentials that are good now, asked for off the event loop where they must be; raises CredentialError."""
        async with self._asking:
            if self._known is None or self._is_due(self._known):
                self._known = await self._asked(self._known)
            return self._known

    def _is_due(self, known: AwsCredentials) -> bool:
        if known.expires is None:
            return False
        left = known.expires - datetime.now(UTC)
        return left < REFRESH_BEFORE and time.monotonic() - self._asked_s >= REFRESH_AT_MOST_EVERY_S

    async def _asked(self, known: AwsCredentials | None) -> AwsCredentials:
        self._asked_s = time.monotonic()
        try:
            return await asyncio.to_thread(resolve_aws, self._profile, self._region)
        except CredentialError:
            if known is not None and known.expires is not None and known.expires > datetime.now(UTC):
                return known
            raise


def _environment_keys() -> dict[str, str]:
    names = {_KEY: "AWS_ACCESS_KEY_ID", _SECRET: "AWS_SECRET_ACCESS_KEY", _TOKEN: "AWS_SESSION_TOKEN"}
    found = {field: value for field, name in names.items() if (value := os.environ.get(name, "").strip())}
    return found if _KEY in found and _SECRET in found else {}


@dataclass(frozen=True, slots=True, repr=False)
class _Settings:
    """What the shared files say of one profile: static keys (or none) and a region (or "")."""

    keys: Mapping[str, str]
    region: str

    @classmethod
    def read(cls, profile: str) -> "_Settings":
        profile = profile or os.environ.get("AWS_PROFILE", "") or "default"
        shared = _ini("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials").get(profile, {})
        section = "default" if profile == "default" else f"profile {profile}"
        config = _ini("AWS_CONFIG_FILE", "~/.aws/config").get(section, {})
        takes_a_role = "role_arn" in shared or "role_arn" in config  # its static keys are for assuming the role
        static = next((each for each in (shared, config) if each.get(_KEY) and each.get(_SECRET)), {})
        return cls({} if takes_a_role else static, config.get("region") or shared.get("region") or "")


def _ini(variable: str, usual: str) -> dict[str, dict[str, str]]:
    """The sections of a shared file; none if there is no such file. Raises CredentialError if it is not one."""
    path = Path(os.environ.get(variable) or usual).expanduser()
    parser = ConfigParser(interpolation=None, strict=False, default_section="")
    try:
        parser.read_string(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CredentialError(f"{path}: {error.strerror}") from None
    except (ConfigError, UnicodeDecodeError):  # their messages quote the line, which may be a key
        raise CredentialError(f"{path}: not a file of AWS profiles (INI text)") from None
    return {" ".join(name.split()): dict(parser[name]) for name in parser.sections()}


def _credentials(keys: Mapping[str, str], region: str, expires: datetime | None = None) -> AwsCredentials:
    token = keys.get(_TOKEN, "")
    return AwsCredentials(keys[_KEY], Secret(keys[_SECRET]), Secret(token) if token else None, region, expires)


def _from_chain(profile: str, region: str) -> AwsCredentials:
    """What botocore finds for a profile: roles, SSO, processes, web identity, ECS and EC2 metadata."""
    try:
        session_module = importlib.import_module("botocore.session")
        errors: Any = importlib.import_module("botocore.exceptions")
    except ImportError:
        raise CredentialError(
            "no AWS keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put static keys under a profile in "
            "~/.aws/credentials; for roles, SSO and the metadata services: pip install 'infertop[aws]'"
        ) from None
    try:
        session = session_module.Session(profile=profile or None)
        found = session.get_credentials()
        frozen = found.get_frozen_credentials() if found is not None else None
        region = region or session.get_config_variable("region") or ""
    except errors.BotoCoreError as error:
        raise CredentialError(f"AWS: {type(error).__name__}: {_first_line(error)}") from None
    if frozen is None:
        raise CredentialError(
            "no AWS credentials: neither the environment, nor ~/.aws, nor a metadata service has any"
            + (f" for profile {profile!r}" if profile else "")
        )
    keys = {_KEY: frozen.access_key, _SECRET: frozen.secret_key, _TOKEN: frozen.token or ""}
    return _credentials(keys, region, getattr(found, "_expiry_time", None))


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
