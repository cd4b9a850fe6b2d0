"""From a backend's plan to the adapter that speaks to it; asks the server what the plan leaves open."""

from dataclasses import dataclass

from ..backends.adapters.registry import OF_MANY_SERVERS, UnknownApiError, open_backend
from ..backends.base import Backend
from ..backends.credentials import CredentialError
from ..backends.dialects import dialect, hosted_at
from ..backends.errors import UNREACHABLE, BackendError, ErrorKind
from ..backends.printable import printable
from ..backends.providers import PROVIDERS
from ..backends.recognition import NATIVE, OPENAI_CHAT, Recognised, recognise
from ..backends.transport import ProxyError
from ..backends.urls import UrlError
from .plan import BackendPlan


@dataclass(frozen=True, slots=True)
class Connected:
    """An adapter, and what is known of its server.

    Attributes:
        model: the name asked for.
        engine: serving software in words ("vLLM 0.11.2"), "" when unknown.
    """

    backend: Backend
    model: str
    engine: str = ""


async def connect(plan: BackendPlan, url: str, server: str = "") -> Connected:
    """The adapter for `plan`; nothing is asked of a server about which the plan says it all.

    Args:
        plan: what is left empty in it is found out.
        url: the server's, whatever `plan` calls it.
        server: what answers there as far as the caller knows, an id of `backends.dialects`, or "".

    Raises:
        BackendError: the server cannot be asked, or lists no model; or the plan asks for what cannot be.
    """
    try:
        return await _connect(plan, url, server)
    except (CredentialError, UrlError, ProxyError, UnknownApiError) as error:
        raise BackendError(ErrorKind.INTERNAL, printable(str(error))) from None


async def _connect(plan: BackendPlan, url: str, server: str) -> Connected:
    server = plan.server or server or hosted_at(url)
    api = plan.api or _usual_api(server, plan.model)
    found = Recognised(server)
    if not plan.model or not api or (api in OF_MANY_SERVERS and not server):
        found = await recognise(url, plan.key)
        if found.error is not None and (not (plan.model or found.models) or found.error.kind in UNREACHABLE):
            raise found.error
    server = server or found.server
    api = api or found.api
    model = plan.model or next(iter(found.models), "")
    if not model:
        raise BackendError(ErrorKind.MALFORMED, "the server lists no model: name one (--model)")
    backend = open_backend(api, url=url, model=model, key=plan.key, extra=plan.extra, server=server)
    return Connected(backend, model, found.engine or dialect(server).name)


def _usual_api(server: str, model: str) -> str:
    """How a provider, or software that speaks one protocol only, is spoken to; "" where that has to be found out."""
    if server in PROVIDERS:
        return PROVIDERS[server].api_of(model)
    return OPENAI_CHAT if server and server not in NATIVE else ""
