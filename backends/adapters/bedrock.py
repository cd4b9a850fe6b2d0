"""Adapter for `POST /model/MODEL/converse-stream` of Amazon Bedrock."""

import os
from typing import Final
from urllib.parse import quote

from ..base import Request
from ..credentials import resolve
from .aws_backend import AwsBackend, regional_url
from .bedrock_wire import ConverseStream
from .http_backend import Extra
from .json_body import system_text, turns, with_extra

URL: Final = "https://bedrock-runtime.{region}.amazonaws.com"
TOKEN_VARIABLE: Final = "AWS_BEARER_TOKEN_BEDROCK"  # noqa: S105 - its name


class Bedrock(AwsBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Requests carry a bearer token (`key`, else AWS_BEARER_TOKEN_BEDROCK) if there is one, and else a signature with
    the credentials that AWS's own tools would use here (`backends.aws_credentials`).

    Claude gets no temperature unless `extra` gives one: since Opus 4.7 its models refuse any.

    Args:
        url: the region's endpoint; "" goes by AWS_REGION or the profile.
        model: a model's or inference profile's id or ARN.
        key: where a Bedrock API key is (`credentials.FORMS`), or "".
        extra: fields added to the request body (`json_body.with_extra`): "additionalModelRequestFields.top_k".

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None) -> None:
        token = resolve(key or (f"env:{TOKEN_VARIABLE}" if os.environ.get(TOKEN_VARIABLE) else ""))
        path = f"/model/{quote(model, safe='')}/converse-stream"
        super().__init__(regional_url(url, URL) + path, service="bedrock", token=token)
        self._takes_temperature = "claude" not in model
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> ConverseStream:  # noqa: ARG002 - all answers are read alike
        return ConverseStream()

    def _body(self, request: Request) -> dict[str, object]:
        settings: dict[str, object] = {"maxTokens": request.max_tokens}
        if self._takes_temperature:
            settings["temperature"] = request.temperature
        body: dict[str, object] = {
            "messages": [
                {"role": each.role, "content": [{"text": each.content}]} for each in turns(request.messages)
            ],
            "inferenceConfig": settings,
        }
        if system := system_text(request.messages):
            body["system"] = [{"text": system}]
        return with_extra(body, self._extra)
