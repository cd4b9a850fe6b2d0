"""What changed between two runs, or two sets of them, how surely, and whether that fails a gate.

Import from here: nothing; name the module (`compare`, `gate`, `load`, `text`, `markdown`, `junit`).
Must not be put here: anything that draws a screen, or how a recording is stored.
"""
