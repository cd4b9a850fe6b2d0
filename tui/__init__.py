"""What a person sees and types: command line, app, screens, widgets, drawing.

Import from here: nothing; this is the top floor.
Must not be put here: measuring, statistics, wire protocols; drawing stays pure (arrays to rows).
"""
