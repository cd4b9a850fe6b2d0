"""What is typed as a target becomes a backend."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.cost import ApiPrice
from infertop.engine.plan import BackendPlan, RunPlan
from infertop.tui.cli import main
from infertop.tui.commands.targets import MOST_BACKENDS, backend_plans, in_the_clear, is_name, named_backends, only
from infertop.tui.usage import UsageError

FLEET = (BackendPlan(name="H200", url="sim:h200"), BackendPlan(name="Groq LPU", url="sim:groq"))


def plans(*targets: str, **given_: Any) -> tuple[BackendPlan, ...]:
    return backend_plans(targets, FLEET, **given_)


@pytest.mark.parametrize("typed", ["http://gpu1:8000", "gpu1:8000", "http://gpu1:8000/v1/chat/completions"])
def test_a_server_is_named_by_its_host(typed: str) -> None:
    (plan,) = plans(typed, model="m", key="env:MY_KEY")
    assert plan == BackendPlan(name="gpu1:8000", url="http://gpu1:8000/v1", model="m", key="env:MY_KEY")


def test_a_provider_brings_its_url_key_and_price() -> None:
    (plan,) = plans("groq:openai/gpt-oss-120b", model="ignored", key="env:OTHER")
    assert plan.url == "https://api.groq.com/openai/v1"
    assert plan.model == "openai/gpt-oss-120b"
    assert plan.key == "env:GROQ_API_KEY"
    assert isinstance(plan.price, ApiPrice)
    assert plan.price.usd_per_m_output == 0.60


def test_a_retired_price_is_marked_in_its_source() -> None:
    (plan,) = plans("groq:llama-3.3-70b-versatile")
    assert plan.price is not None
    assert plan.price.source == "genai-prices, retired 2026-08-16"


def test_a_simulated_stack_comes_as_the_fleet_describes_it() -> None:
    assert plans("sim:groq") == (FLEET[1],)


def test_any_other_stack_can_be_spelled_out_and_has_no_price() -> None:
    (plan,) = plans("sim:h100x4/llama-3.3-70b/fp8")
    assert plan == BackendPlan(
        name="H100 ×4", url="sim:h100x4/llama-3.3-70b/fp8", model="llama-3.3-70b", hardware="H100 ×4", engine="vLLM"
    )


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        (["http://a:1/x/v1", "http://a:1/y/v1"], ["a:1 #1", "a:1 #2"]),
        (["groq:openai/m1", "groq:m2"], ["Groq m1", "Groq m2"]),
        (["groq:m1", "groq:m1"], ["Groq m1 #1", "Groq m1 #2"]),
        (["sim:h200", "sim:groq", "groq:m"], ["H200", "Groq LPU", "Groq"]),
        (["https://example.com"], ["example.com"]),
    ],
)
def test_names_tell_backends_apart(targets: list[str], names: list[str]) -> None:
    assert [plan.name for plan in plans(*targets)] == names


@given(st.lists(st.sampled_from(["http://a:1", "http://b", "groq:m", "groq:n", "sim:h200"]), max_size=MOST_BACKENDS))
def test_names_are_unique_whatever_is_typed(targets: list[str]) -> None:
    names = [plan.name for plan in plans(*targets)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("groq:", "for example groq:openai/gpt-oss-120b"),
        ("grok:m", 'did you mean "groq"'),
        ("ftp://gpu1", "write http:// or https://"),
        ("./mine.toml", "infertop run ./mine.toml"),
        ("sim:h20", "sim:h20: no such simulated stack: 'h20'; did you mean \"h200\""),
        ("sim:wse", "there are h100, h200"),
        ("sim:h100x1", "does not fit"),
        ("http://", "names no host"),
        ("http://a:port", "is not a URL"),
        ("http://[::1", "is not a URL"),
    ],
)
def test_a_wrong_target_is_told_what_would_be_right(target: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        plans(target)
    assert told in str(error.value)


def test_a_credential_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as error:
        plans("https://user:hunter2@host/v1")
    assert "hunter2" not in str(error.value)
    assert "env:NAME" in str(error.value)


def test_too_many_backends_are_refused() -> None:
    with pytest.raises(UsageError, match="at most 8"):
        plans(*["sim:h200"] * 9)


@pytest.mark.parametrize(
    ("url", "key", "clear"),
    [
        ("http://gpu1:8000", "env:K", True),
        ("https://gpu1", "env:K", False),
        ("http://localhost:8000", "env:K", False),
        ("http://[::1]:8000", "env:K", False),
        ("http://gpu1:8000", "", False),
    ],
)
def test_a_key_over_plain_http_to_another_machine_is_noticed(url: str, key: str, clear: bool) -> None:
    assert in_the_clear(BackendPlan(name="a", url=url, key=key)) is clear


NAMED = (
    BackendPlan(name="h200", url="http://gpu1:8000/v1", server="vllm"),
    BackendPlan(name="fast", url="https://api.groq.com/openai/v1", model="m"),
)


def test_a_name_of_ones_own_is_a_target_among_others() -> None:
    h200, simulated, fast = plans("H200", "sim:groq", "fast", named=NAMED)
    assert (h200, simulated, fast) == (NAMED[0], FLEET[1], NAMED[1])


@pytest.mark.parametrize(
    ("word", "name"), [("h200", True), ("my-gpu_1", True), ("gpu1:8000", False), ("a.b", False), ("./x", False)]
)
def test_what_can_be_a_name(word: str, name: bool) -> None:
    assert is_name(word) is name


@pytest.mark.parametrize(
    ("target", "url", "api", "key"),
    [
        ("anthropic:claude-haiku-4-5", "https://api.anthropic.com/v1", "anthropic", "env:ANTHROPIC_API_KEY"),
        ("gemini:g", "https://generativelanguage.googleapis.com/v1beta", "gemini", "env:GEMINI_API_KEY"),
        ("hf:openai/gpt-oss-120b", "https://router.huggingface.co/v1", "openai-chat", "env:HF_TOKEN"),
        ("vertex:gemini-2.5-flash", "", "vertex", ""),
        ("vertex:openai/gpt-oss-120b-maas", "", "vertex-chat", ""),
        ("bedrock:openai.gpt-oss-120b-1:0", "", "bedrock", ""),
        ("sagemaker:my-endpoint", "", "sagemaker", ""),
        ("ollama:llama3.2:1b", "http://127.0.0.1:11434", "ollama", ""),
    ],
)
def test_each_provider_has_its_place_protocol_and_key(target: str, url: str, api: str, key: str) -> None:
    (plan,) = plans(target)
    assert (plan.url, plan.api, plan.key, plan.server) == (url, api, key, target.partition(":")[0])
    assert plan.model == target.partition(":")[2]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("gpu1:9000", "http://gpu1:9000"),
        ("0.0.0.0", "http://0.0.0.0:11434"),
        ("https://ollama.example.com", "https://ollama.example.com"),
        ("", "http://127.0.0.1:11434"),
    ],
)
def test_ollama_is_where_its_variable_says(host: str, url: str) -> None:
    (plan,) = plans("ollama:m", environment={"OLLAMA_HOST": host})
    assert plan.url == url


def test_a_variable_that_says_no_place_is_named() -> None:
    with pytest.raises(UsageError, match="OLLAMA_HOST: "):
        plans("ollama:m", environment={"OLLAMA_HOST": "http://"})


def test_some_backends_of_a_plan() -> None:
    plan = RunPlan(title="fleet", backends=FLEET)
    assert only(plan, ["groq-lpu"]).backends == (FLEET[1],)
    assert only(plan, ["GROQ LPU", "h200"]).backends == FLEET
    with pytest.raises(UsageError, match=r'fleet has no backend called .h20.; did you mean "h200"'):
        only(plan, ["h20"])


def test_a_mistake_in_the_file_of_names_is_one_of_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert named_backends() == ()
    folder = tmp_path / "infertop"
    folder.mkdir()
    (folder / "backends.toml").write_text('[[backends]]\nname = "run"\nsim = "h200"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="is a command of infertop"):
        named_backends()


def test_a_name_of_ones_own_is_taken_where_a_command_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "infertop").mkdir()
    text = '[[backends]]\nname = "mine"\nurl = "http://a/v1"\nkey = "env:NO_SUCH_KEY"\n'
    (tmp_path / "infertop" / "backends.toml").write_text(text, encoding="utf-8")
    assert main(["mime"]) == 2
    assert 'did you mean "mine"' in capsys.readouterr().err
    assert main(["mine"]) == 2
    assert "mine: env:NO_SUCH_KEY: no such environment variable" in capsys.readouterr().err
