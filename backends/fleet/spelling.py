"""Asking "what if": the name of a stack that differs from another in some respects."""

import re

from .stacks import find_stack


def respelled(
    name: str,
    *,
    chips: int | None = None,
    model: str = "",
    precision: str = "",
    replicas: int | None = None,
    batch: int | None = None,
    efficiency: float | None = None,
) -> str:
    """The stack `name` with what is given in place of what it says; what is not given stays.

    Raises:
        StackError: there is no stack `name`; whether there is one of the new name, `find_stack` tells.
    """
    usual = find_stack(name)
    first, *rest = name.lower().split("/")
    words = [word for word in rest if "=" not in word]
    options = dict(word.split("=", 1) for word in rest if "=" in word)
    if chips is not None:
        first = f"{re.sub(r'x[0-9]+$', '', first)}x{chips}"
    words[:1] = [model] if model and model != usual.model.name else words[:1]
    if precision:
        words[:] = [*(words[:1] or [usual.model.name]), precision]
    given = {"replicas": replicas, "batch": batch, "efficiency": efficiency}
    options |= {key: f"{value:g}" for key, value in given.items() if value is not None}
    return "/".join([first, *words, *(f"{key}={value}" for key, value in options.items())])
