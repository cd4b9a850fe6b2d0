"""Snapshots that show the screen, and every format of export by name.

Import from here: `formats` (all of them, and `write_snapshot`), `screen` (pictures of the console). Must not be put
here: figures, the writing of files (`sessions.export`).
"""
