"""What came out: sessions as they run (host, journal), and what is made of them: summary, tables, export, diff.

Import from here: `session` (start or attach to one), `journal.reader` (a recorded one), `library` (find one),
`summary` (Frame to document), `table` (Frame to text), `exit_codes`, `trust`, `figures`.
Must not be put here: measuring, sending load, textual.
"""
