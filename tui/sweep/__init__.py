"""The screen of a sweep: curves, what was chosen on them, and what is being measured.

Import from here: `app` (the screen), `model` (a sweep as it is drawn), `panels.page` (rows, for any place).
Must not be put here: measuring, searching for the next level, reading or writing files.
"""
