"""A person's own file of backends: names that work as targets."""

from pathlib import Path

import pytest

from infertop.profiles.aliases import aliases, aliases_path
from infertop.profiles.problems import ProfileError

H200 = '[[backends]]\nname = "h200"\nurl = "http://gpu1:8000/v1"\nserver = "vllm"\n'


def write(text: str) -> None:
    aliases_path().parent.mkdir(parents=True, exist_ok=True)
    aliases_path().write_text(text, encoding="utf-8")


def said(text: str) -> str:
    write(text)
    with pytest.raises(ProfileError) as error:
        aliases(reserved=("run", "fleet"))
    return str(error.value).removeprefix(f"{aliases_path()}: ")


def test_without_the_file_there_are_none(config: Path) -> None:
    assert aliases() == ()


def test_its_tables_are_those_of_a_profile(config: Path) -> None:
    write(H200 + '[[backends]]\nname = "claude"\napi = "bedrock"\nmodel = "anthropic.claude"\n')
    h200, claude = aliases()
    assert (h200.name, h200.url, h200.server) == ("h200", "http://gpu1:8000/v1", "vllm")
    assert (claude.api, claude.url, claude.model) == ("bedrock", "", "anthropic.claude")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[backends]]\nname = "my h200"\nurl = "http://a/v1"\n', "must be one word to be typed"),
        ('[[backends]]\nname = "run"\nurl = "http://a/v1"\n', '"run" is a command of infertop'),
        (H200 + H200, '"h200" is the name of backends[0] too'),
        (H200 + "[run]\nseed = 1\n", "run: unknown key"),
        (H200 + 'api = "opanai-chat"\n', 'backends[0].api: no such protocol; did you mean "openai-chat"?'),
        (H200.replace('"vllm"', '"vlm"'), 'backends[0].server: no such server or provider; did you mean "vllm"?'),
        ('[[backends]]\nname = "a"\napi = "openai-chat"\n', "has neither url nor sim"),
        (H200 + 'key = "sk-proj-abcdefghijklmnop"\n', "this looks like the key itself"),
        ("[[backends]\n", "not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place(config: Path, text: str, problem: str) -> None:
    assert problem in said(text)
