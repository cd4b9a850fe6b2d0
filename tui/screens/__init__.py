"""Textual screens: which widgets stand where.

Import from here: nothing; import the screen's module.
Must not be put here: drawing, arithmetic, bindings.
"""
