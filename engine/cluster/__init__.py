"""Engine workers on the machines of a Ray cluster: the processes a crew starts here, seen through actors.

    crew ⇄ `distant.DistantWorker` ⇄ (Ray) ⇄ `outpost.Outpost` ⇄ worker         one protocol (`channel`) all along

Import from here: `joining` (needs the extra ray), and `address` (what a person may write; needs nothing).
Must not be put here: anything that measures or counts; and no key, for only a plan travels, which holds none.
"""
