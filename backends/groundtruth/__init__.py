"""The ground-truth server: an OpenAI-compatible stream whose every token's true write time is known.

`infertop doctor` judges the engine's own measurements by it, so it shares no code with what it judges: standard
library only, its own reading, its own stamps. It runs in a process of its own, writes one token as one event, one
chunk and one `send`, and hands its log back at the end.

Import from here: `start_ground_truth`, `GroundTruth`, `Pace`, `MODEL`; and from `log`, `Log` and `Written`.
Must not be put here: anything that measures a client, or serves anything else than tokens at known times.
"""

from .process import GroundTruth, start_ground_truth
from .wire import MODEL, Pace

__all__ = ["MODEL", "GroundTruth", "Pace", "start_ground_truth"]
