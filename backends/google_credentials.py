"""Google's application-default credentials as a bearer token, through `google-auth` (the extra `google`)."""

import asyncio
import importlib
import os
from typing import Any, Final

from .credentials import CredentialError, Secret

_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_MISSING: Final = (
    "Google credentials need google-auth: pip install 'infertop[google]', then gcloud auth application-default login"
)


class GoogleToken:
    """A token that is renewed before it expires; nothing is read or asked before the first `bearer`.

    Attributes:
        project: GOOGLE_CLOUD_PROJECT; without it the credentials' own, known after the first `bearer`; else "".
    """

    def __init__(self) -> None:
        self.project = os.environ.get("GOOGLE_CLOUD_PROJECT", "")
        self._credentials: Any = None
        self._asking = asyncio.Lock()

    async def bearer(self) -> Secret:
        """A token that is good now, asked for off the event loop where one must be.

        Raises:
            CredentialError: there are no credentials, or no token for them.
        """
        async with self._asking:
            if self._credentials is None or not self._credentials.valid:
                await asyncio.to_thread(self._renew)
            return Secret(self._credentials.token)

    def _renew(self) -> None:
        try:
            google: Any = importlib.import_module("google.auth")
            transport: Any = importlib.import_module("google.auth.transport.requests")
        except ImportError:
            raise CredentialError(_MISSING) from None
        try:
            if self._credentials is None:
                found, project = google.default(scopes=[_SCOPE])
                self.project = self.project or project or ""
            else:
                found = self._credentials
            found.refresh(transport.Request())
        except google.exceptions.GoogleAuthError as error:
            # The words may quote a token endpoint's answer: only the kind of failure is told.
            raise CredentialError(f"Google credentials: {type(error).__name__}; {_advice(error)}") from None
        self._credentials = found


def _advice(error: Exception) -> str:
    if type(error).__name__ == "DefaultCredentialsError":
        return "run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a key file"
    return "the token endpoint gave no token"
