"""What the bodies of several protocols' requests have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..base import Message, Request
from .http_backend import Extra


def with_extra(body: Mapping[str, object], extra: Extra) -> dict[str, object]:
    """`body` with a person's fields over its own.

    A dot in a name goes down into an object ("reasoning.effort"); an empty text takes the field away.
    """
    whole: dict[str, Any] = dict(body)
    for path, value in extra.items():
        *parents, name = path.split(".")
        inner = whole
        for parent in parents:
            below = inner.get(parent)
            inner[parent] = inner = dict(below) if isinstance(below, Mapping) else {}
        if value == "":
            inner.pop(name, None)
        else:
            inner[name] = value
    return whole


def chat_body(request: Request) -> dict[str, object]:
    """Plain chat completions, but for the name of the model."""
    return {
        "messages": [{"role": each.role, "content": each.content} for each in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def system_text(messages: Sequence[Message]) -> str:
    """The system messages as one text, for protocols that keep them apart from the conversation; "" if none."""
    return "\n\n".join(message.content for message in messages if message.role == "system")


def turns(messages: Sequence[Message]) -> list[Message]:
    """The messages that are no system messages."""
    return [message for message in messages if message.role != "system"]
