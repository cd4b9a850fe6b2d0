"""The journal: one SQLite file a session, written while it runs, read by replay, exports and comparisons.

Import from here: `reader` (open a recording), `writer` (make one), `facts` (what was run). docs/journal.md documents
the tables. Must not be put here: measuring, drawing, or a second way of writing.
"""
