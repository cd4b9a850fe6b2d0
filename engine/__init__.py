"""One prompt stream to many backends, measured: arrivals, workload, driver, histograms, statistics, cost, frames.

Import from here: `plan` (what to run), `process` (run it), `frame` (what comes back), and the pure arithmetic.
Must not be put here: anything that draws, prints, reads profiles, or knows that somebody watches.
"""
