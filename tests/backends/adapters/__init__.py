"""Tests of `infertop.backends`; `raw_server` is what most of them talk to."""
