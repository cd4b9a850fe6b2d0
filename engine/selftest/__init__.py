"""The engine's own error, measured: the real receive path against a server whose write times are known.

Import from here: `ladder` (what is tried), `process` (run it in its own process), `report` (what comes back).
Must not be put here: a second way to measure. What is judged is the lane, meter and adapter that every run uses.
"""
