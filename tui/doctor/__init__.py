"""`infertop doctor`: what this machine, its terminal and its surroundings can do, found out and said.

`examine` finds out, `report` is the document, `checks` judges, `table` says it in words.
Must not be put here: anything that reads a key's value, or draws the console in this process.
"""
