"""The one boundary between text that others wrote and a screen, a log line or a page.

Model output, server errors, file contents and names from the network are hostile: they may hold terminal
escapes, markup, bidirectional overrides or a megabyte without a line end. Everything of that origin passes here
before a person sees it (textual 8.2.8 passes escapes in `Content`, `Text` and titles on to the terminal).
"""

import unicodedata

_SPACES = {"\t": " ", "\n": " ", "\r": " ", "\u2028": " ", "\u2029": " "}
_SHOWN_AS = "\N{REPLACEMENT CHARACTER}"
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def printable(text: str, limit: int = 200) -> str:
    """`text` as one safe line of at most `limit` characters, an ellipsis where it was cut.

    White space becomes single blanks; control, format (bidi, zero-width), surrogate, private and unassigned
    characters become U+FFFD, one for a whole run.
    """
    out: list[str] = []
    cut = False
    for raw in text[: limit * 4]:
        char = " " if raw in _SPACES else _SHOWN_AS if unicodedata.category(raw) in _HIDDEN else raw
        if out and char == out[-1] and char in {" ", _SHOWN_AS}:
            continue
        if len(out) == limit:
            cut = True
            break
        out.append(char)
    cut = cut or len(text) > limit * 4
    if cut and out:
        out[limit - 1 :] = ["…"]
    return "".join(out).strip()
