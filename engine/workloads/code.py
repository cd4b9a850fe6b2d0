"""`code`: a source file and what to do with it; lengths of the Azure 2023 code trace."""

from ...backends.base import Message
from ..draws import Draws
from .lengths import Empirical
from .programs import field_name, listing, record_name
from .workload import Workload

_TASKS = (
    "Add a function that returns the {noun}s with the largest {field}.",
    "Write the next test, for a {noun} whose {field} is zero.",
    "Complete the function `merge_{noun}s`, which keeps the higher {field} of two records.",
    "Fix the handling of a missing {field} in the {noun} loader.",
)


def _compose(draws: Draws, characters: int) -> tuple[Message, ...]:
    noun = record_name(draws)
    task = draws.pick(_TASKS).format(noun=noun, field=field_name(draws))
    before, after = f"This is `{noun}s.py`:\n\n```python\n", f"```\n\n{task} Answer with code only."
    source = listing(draws, noun, characters - len(before) - len(after))
    return (Message("user", f"{before}{source}{after}"),)


CODE = Workload(
    name="code",
    summary="a source file and a small change to it",
    # Quantiles .5, .9 and .99 are those of the whole code trace (backends.md, "Traces"); the ends are assumed.
    input_tokens=Empirical((0, 0.5, 0.9, 0.99, 1), (48, 1469, 5186, 7436, 7600)),
    output_tokens=Empirical((0, 0.5, 0.9, 0.99, 1), (3, 13, 55, 249, 600)),
    compose=_compose,
)
