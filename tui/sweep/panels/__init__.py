"""What the sweep screen draws: a `SweepBoard` and a view in, rows out.

Import from here: `page`.
Must not be put here: reading of sweep documents (`tui.sweep.model`), state, anything that looks at a terminal.
"""
