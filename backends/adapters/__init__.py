"""Wire protocols: one small file for each, over one HTTP core.

Import from here: `registry.open_backend`. `http_backend` is what every adapter builds on; `wire` is what it fills in.
Must not be put here: aggregation, retries, statistics; sockets (they are `transport`'s).
"""
