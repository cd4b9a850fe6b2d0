"""Adapters for `POST /endpoints/NAME/invocations-response-stream` of Amazon SageMaker.

SageMaker is an envelope: what a container reads and writes goes through as it is, its answer in pieces cut anywhere.
Containers of vLLM, LMI and TGI read chat completions; TGI reads its own protocol besides.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from ..base import Arrival, Request
from ..credentials import CredentialError
from ..errors import ErrorKind
from .aws_backend import AwsBackend, regional_url
from .aws_events import TYPES, AwsEvents
from .event_wire import NONE
from .http_backend import Extra
from .json_body import chat_body, with_extra
from .openai_stream import ChatStream
from .tgi import TgiStream, tgi_body
from .wire import Wire

URL: Final = "https://runtime.sagemaker.{region}.amazonaws.com"

_KINDS: Final[Mapping[str, ErrorKind]] = {"InternalStreamFailure": ErrorKind.SERVER}


class SageMaker(AwsBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Requests are signed with the credentials that AWS's own tools would use here (`backends.aws_credentials`).

    Args:
        url: the region's runtime endpoint; "" goes by AWS_REGION or the profile.
        model: the SageMaker endpoint's name.
        key: "": SageMaker takes none.
        extra: fields added to the request body (`json_body.with_extra`).

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None) -> None:
        if key:
            raise CredentialError("SageMaker takes no key: it goes by AWS credentials (AWS_PROFILE, …)")
        path = f"/endpoints/{quote(model, safe='')}/invocations-response-stream"
        super().__init__(regional_url(url, URL) + path, service="sagemaker", token=None)
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> "EnvelopeStream":  # noqa: ARG002 - all answers are read alike
        return EnvelopeStream(self._container_wire())

    @abstractmethod
    def _container_wire(self) -> Wire:
        """Reads what the container writes."""


class SageMakerChat(SageMaker):
    """A container that reads chat completions."""

    def _container_wire(self) -> ChatStream:
        return ChatStream()

    def _body(self, request: Request) -> dict[str, object]:
        return with_extra(chat_body(request), self._extra)


class SageMakerTgi(SageMaker):
    """A container of TGI, spoken to in its own protocol."""

    def _container_wire(self) -> TgiStream:
        return TgiStream()

    def _body(self, request: Request) -> dict[str, object]:
        return {**tgi_body(request, self._extra), "stream": True}


class EnvelopeStream:
    """One answer; a `wire.Wire`.

    Args:
        inner: reads what the container wrote.
    """

    stream_types = TYPES
    document_types = NONE

    def __init__(self, inner: Wire) -> None:
        self.unfinished = inner.unfinished
        self._inner = inner
        self._events = AwsEvents(_KINDS)

    @property
    def finished(self) -> bool:
        """See `wire.Wire`."""
        return self._inner.finished

    @property
    def done(self) -> bool:
        """See `wire.Wire`."""
        return self._inner.done

    @property
    def failure(self) -> tuple[ErrorKind, str] | None:
        """See `wire.Wire`."""
        return self._inner.failure or self._events.failure

    def arrival(self, at_ns: int, body: bytes) -> Arrival | None:
        """See `wire.Wire`."""
        written = b"".join(event.payload for event in self._events.feed(body))
        return self._inner.arrival(at_ns, written) if written else None

    def document(self, at_ns: int, body: bytes) -> Arrival:
        """See `wire.Wire`."""
        raise NotImplementedError  # it has no document types
