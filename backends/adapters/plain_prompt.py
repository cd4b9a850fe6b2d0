"""A conversation as one text, for protocols that take a prompt and put no chat template around it."""

from collections.abc import Sequence

from ..base import Message


def plain_prompt(messages: Sequence[Message]) -> str:
    """A single message's text as it is; several as paragraphs with their roles, the last one left to be answered."""
    if len(messages) == 1:
        return messages[0].content
    turns = [f"{message.role}: {message.content}" for message in messages]
    return "\n\n".join([*turns, "assistant:"])
