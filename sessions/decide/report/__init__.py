"""A decision told to people: the answer first, then why, how sure, and where every number is from.

Import from here: nothing; `content.sections` says what a report holds, `text`, `markdown` and `page` write it.
Must not be put here: a figure that the decision does not hold.
"""
