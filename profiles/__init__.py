"""What to run: session profiles (TOML), the built-in ones, and how they become a plan.

Import from here: `library` (find, list, load, save), `schema` (the typed profile).
Must not be put here: running anything, drawing anything, secrets.
"""
