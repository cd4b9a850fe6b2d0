"""Mistakes a person made on the command line."""


class UsageError(Exception):
    """What was typed cannot be done; the text says what was wrong and what would be right (exit code 2)."""
