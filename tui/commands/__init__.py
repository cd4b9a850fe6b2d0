"""What each command word does: one module a command with `HELP`, `EPILOG`, `add_arguments` and `run`.

A module here imports at its top only what `--help` needs; everything else is imported inside `run`.
"""
