"""Ways to damage what is well formed, for hypothesis: what is left is nearly right, which random bytes never are."""

import re

from hypothesis import strategies as st

_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_STRING = re.compile(rb'"[^"\\\n]*"')
NUMBERS = (
    b"-1", b"0", b"0.5", b"1e30", b"-1e308", b"1e999", b"1" + b"0" * 18, b"1" + b"0" * 30, b"1" + b"0" * 400, b"NaN",
    b"Infinity", b"null", b"true", b'"7"', b"[]", b"{}",
)  # fmt: skip
STRINGS = (
    b'""', b"null", b"7", b"[]", b"{}", rb'"\ud800 x"', rb'"\u0000"', b'"\xff"', b'"\x1b[2J"', rb'"\u202e"',
    b"[" * 2000, b'"' + b"x" * 5000 + b'"', b'{"error":{"message":[1]}}',
)  # fmt: skip
BYTES = (
    b"\n",
    b"\r",
    b"\n\n",
    b"\x00",
    b"\xff",
    b"{",
    b"}",
    b'"',
    b"\\",
    b"[DONE]",
    b"data: ",
    b"\xef\xbb\xbf",
    b"=",
)


@st.composite
def damaged(draw, original: bytes, most: int = 4) -> bytes:
    """`original` with up to `most` numbers, strings or bytes replaced, taken out or doubled."""
    body = original
    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["number", "string", "byte", "insert", "delete", "double", "end"]))
        spots = (
            list((_NUMBER if kind == "number" else _STRING).finditer(body)) if kind in {"number", "string"} else []
        )
        if spots:
            spot = draw(st.sampled_from(spots))
            body = body[: spot.start()] + draw(st.sampled_from(NUMBERS + STRINGS)) + body[spot.end() :]
            continue
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(1, 40)))
        match kind:
            case "byte":
                body = body[:start] + bytes([draw(st.integers(0, 255))]) + body[start + 1 :]
            case "delete":
                body = body[:start] + body[end:]
            case "double":
                body = body[:end] + body[start:end] + body[end:]
            case "end":
                body = body[:start]
            case _:
                body = body[:start] + draw(st.sampled_from(BYTES)) + body[start:]
    return body


def cut(body: bytes, places: list[int]) -> list[bytes]:
    """`body` in pieces."""
    inside = sorted({place for place in places if 0 < place < len(body)})
    return [body[a:b] for a, b in zip([0, *inside], [*inside, len(body)], strict=True)]
