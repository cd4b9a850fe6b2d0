"""The snapshot as one HTML page: self-contained, without script, readable offline, printed, in light and dark.

Import from here: `document` (the whole page). Must not be put here: a figure that the summary does not hold, a
script, anything to be fetched.
"""
