"""`infertop fleet`: what it refuses, in words a person can use."""

import pytest

from infertop.tui.cli import main


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["h300"], "no such simulated stack: 'h300'; did you mean"),
        (["h100x1/llama-3.3-70b"], "does not fit"),
        (["--port", "70000"], "--port: 70000 is no port; write 0 to 65535"),
        (["groq", "--fault", "h200:cut"], "--fault h200:cut: 'h200' is not served; there are groq"),
        (
            ["groq", "--fault", "slow"],
            "--fault slow: 'slow' is no fault; there are rate-limit, error, stall, cut, cold",
        ),
        (["groq", "--fault", "groq:cut,share=2"], "share is a part of the requests"),
    ],
)
def test_mistakes_are_named(words: list[str], says: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", *words]) == 2
    assert says in capfd.readouterr().err
