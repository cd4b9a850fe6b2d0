"""Which models a server lists, and what tells one serving software from another."""

from dataclasses import dataclass

import httpx
import msgspec

from .client import open_client, whole_body
from .credentials import resolve
from .errors import BackendError, ErrorKind
from .http_errors import failure, refusal, shown
from .printable import printable
from .urls import base_url

_LIMIT_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as its server lists it.

    Attributes:
        id: the name to ask for.
        owned_by: what the server says; self-hosted ones name themselves ("vllm", "sglang", "llamacpp").
        server: the `Server` header of the response, or "".
    """

    id: str
    owned_by: str
    server: str


class _Model(msgspec.Struct):
    id: str
    owned_by: str | None = None


class _Listing(msgspec.Struct):
    data: list[_Model]


async def list_models(url: str, key: str = "", timeout_s: float = 5.0) -> tuple[ServedModel, ...]:
    """What `GET {base URL}/models` lists, in its order; may be empty.

    Args:
        url: base URL, or what a person types for one (`backends.urls`).
        key: where the API key is (`credentials.FORMS`); "" sends none.
        timeout_s: for everything together.

    Raises:
        BackendError: no answer, an error, or not a list of models.
        CredentialError, UrlError, ProxyError: what they say.
    """
    url = f"{base_url(url)}/models"
    secret = resolve(key)
    async with open_client(url, secret) as client:
        request = client.build_request("GET", url, extensions={"timeout": {"total": timeout_s}})
        try:
            response = await client.send(request, stream=True)
            try:
                if not response.is_success:
                    raise await refusal(response, secret)
                listing = msgspec.json.decode((await whole_body(response, _LIMIT_BYTES))[1], type=_Listing)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise failure(error, request, secret) from error
        except (msgspec.DecodeError, RecursionError) as error:
            message = shown(f"{url} does not list models: {error}", secret)
            raise BackendError(ErrorKind.MALFORMED, message, status=200) from None
    server = printable(response.headers.get("server", ""), 80)
    return tuple(ServedModel(each.id, each.owned_by or "", server) for each in listing.data)
