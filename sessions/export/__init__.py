"""Snapshots of a run as files for others: one page, tables, JSON of other tools; one small file per format.

Import from here: `registry` (the formats), `snapshot` (what they are all made of), `files` (writing them). Must not
be put here: pictures of the screen (`tui.export`), figures that the summary does not define.
"""
