"""Textual widgets: thin, they only show rows that panels drew.

Import from here: nothing; import the widget's module.
Must not be put here: drawing, arithmetic.
"""
