"""The simulated fleet: modelled inference stacks behind OpenAI-compatible endpoints, in a process of their own.

Import from here: nothing. What is modelled is in `stacks`, `start_fleet` in `process`; whoever needs only a fault
should not have to load a cost model.
Must not be put here: anything a real endpoint needs, or any figure shown without its SIM label.
"""
