"""What is measured: wire protocols, hardware catalogue, prices, the simulated fleet.

Import from here: `base` (the seam every adapter fills), the adapters, `catalogue`, `prices`, `fleet`.
Must not be put here: aggregation, retries, statistics, anything that prints or draws.
"""
