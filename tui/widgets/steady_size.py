"""A screen that is resized quickly comes to rest."""

from textual.events import Resize
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen


class SteadySize(MessagePump):
    """Mixed into a screen: it hears of the terminal's newest size only.

    Textual lays a screen out for the size that a message brings and posts it another one of that size when it has
    grown or shrunk by that. Two sizes under way at once would so follow each other without end.
    """

    def post_message(self, message: Message) -> bool:
        """As any other, but for sizes that the terminal no longer has."""
        if isinstance(message, Resize) and message.size != self.app.size:
            return False
        return super().post_message(message)


class SteadyScreen(SteadySize, Screen[None]):
    """The one screen of an app that has no other."""
