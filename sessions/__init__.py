"""What came out: the summary document of a run, tables, and later record, replay, export and diff.

Import from here: `summary` (Frame to document), `table` (Frame to text), `exit_codes`, `trust`, `figures`.
Must not be put here: measuring, sending load, textual.
"""
