"""What prompts are made of: lengths, text, the built-in workloads, files of the user's own prompts.

Import from here: `WorkloadError`; `builtin` (the registry), `files` (read prompts), `workload` (the types).
Must not be put here: choosing or numbering prompts (that is `engine.prompts`), anything that sends.
"""

from .workload import WorkloadError

__all__ = ["WorkloadError"]
