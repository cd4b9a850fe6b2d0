"""Virtual time: the simulated fleet's own schedulers under the engine's own stream, without sockets and waiting.

Import from here: `simulate`, `VirtualError`.
Must not be put here: cost models (`backends.fleet`), or any definition of a metric that `meter` does not have.
"""

from .simulate import VirtualError, simulate

__all__ = ["VirtualError", "simulate"]
