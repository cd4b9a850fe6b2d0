"""The screens of a decision: what is asked, that it is being worked out, and the answer.

Import from here: nothing; `app.DecideApp` is the whole, `ask` and `outcome` draw without a terminal.
Must not be put here: arithmetic of money or load (`sessions.decide`), checks of answers (`profiles`).
"""
