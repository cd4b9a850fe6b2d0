"""The simulated fleet: modelled inference stacks behind OpenAI-compatible endpoints, in a process of their own.

Import from here: `STACKS` and `Stack` (what is modelled), `start_fleet`, `start_fleet_async`, `Fleet`, `FleetError`.
Must not be put here: anything a real endpoint needs, or any figure shown without its SIM label.
"""

from .process import Fleet, FleetError, start_fleet, start_fleet_async
from .stacks import STACKS, Stack

__all__ = ["STACKS", "Fleet", "FleetError", "Stack", "start_fleet", "start_fleet_async"]
