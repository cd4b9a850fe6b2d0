"""What servers say of themselves and what hardware draws: metrics pages and power, sampled by a process of their own.

Import from here: `plan` (what to watch), `readings` (what comes back), `process` (start it), `modelled`.
Must not be put here: anything on the path that is measured; what a reading means for a run (that is the engine's).
"""
