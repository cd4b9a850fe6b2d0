"""From figures to a choice: capacities and prices in, the cheapest way to serve a demand and how sure it is out.

Import from here: nothing; name the module (`capacity`, `decide`, `decision`, `plan`). `decide` does no I/O.
Must not be put here: anything that draws a screen, and what a person asks (`profiles.demand`).
"""
