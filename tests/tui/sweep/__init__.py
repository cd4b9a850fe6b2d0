"""Tests of the sweep screen."""
