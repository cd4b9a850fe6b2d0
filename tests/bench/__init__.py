"""Benchmarks, each a program: `python -m tests.bench.capacity --help`.

Each prints its figures beside a reference measured in the same run; `test_bench.py` runs them small and asserts
exactness, never absolute time.
"""
