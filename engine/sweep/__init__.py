"""Sweeps: throughput and latency of each backend over its load, with few requests.

Import from here: `sweep` (the document), `reading` (its figures), `pareto`, `estimate`; `plan` and `runner` make one.
Must not be put here: anything that draws, prints or writes files, or another way of sending load than the engine's.
"""
