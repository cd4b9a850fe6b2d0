"""Coverage-guided fuzzing of what reads bytes from elsewhere; seeds and findings are replayed with the tests."""
