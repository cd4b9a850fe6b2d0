"""Results of other tools as sessions: vLLM's `bench serve`, AIPerf, GuideLLM; one small file each.

Import from here: `read` (a file to results), `session` (a result to frames and a journal). Must not be put here:
guesses at what a file does not say.
"""
