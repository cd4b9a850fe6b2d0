"""Nothing hostile passes the boundary to a screen."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.printable import printable


@given(st.text(), st.integers(1, 50))
def test_only_visible_characters_on_one_bounded_line(text, limit):
    safe = printable(text, limit)
    assert len(safe) <= limit
    assert all(c == " " or unicodedata.category(c)[0] not in "CZ" or unicodedata.category(c) == "Zs" for c in safe)


def test_escapes_bidi_and_zero_width_are_shown_as_replaced():
    assert printable("a\x1b[31mred\x9b0m\u202eevil\u200b!") == "a�[31mred�0m�evil�!"


def test_white_space_becomes_single_blanks_and_long_text_is_cut():
    assert printable("  one\r\n\ttwo  ") == "one two"
    assert printable("x" * 1_000_000, 10) == "xxxxxxxxx…"
    assert printable("0123456789", 10) == "0123456789"


def test_wide_and_combined_characters_stay():
    assert printable("日本語 né 🚀") == "日本語 né 🚀"
