"""What came out: the summary document of a run, tables, and later record, replay, export and diff.

Import from here: `summary` (Frame to document), `table` (document to text).
Must not be put here: measuring, sending load, textual.
"""
