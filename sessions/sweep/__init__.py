"""What came of sweeps: the file of one, its document and its table.

Import from here: `file` (kept, gone on with, read), `document`, `table`.
Must not be put here: the search (`engine.sweep`), or anything that draws or knows of a terminal.
"""
