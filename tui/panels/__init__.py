"""The parts of the screen as pure functions: (board, view, size) -> rows. The live screen and `--once` share them.

Import from here: nothing; one module per panel, `layout` says how they share a screen.
Must not be put here: Textual, state, arithmetic on frames (that is the model's).
"""
