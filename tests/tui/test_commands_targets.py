"""What is typed as a target becomes a backend."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.cost import ApiPrice
from infertop.engine.plan import BackendPlan
from infertop.tui.commands.targets import MOST_BACKENDS, backend_plans, in_the_clear
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
        ("sim:h20", 'did you mean "sim:h200"'),
        ("sim:wse", "there are sim:h200, sim:groq"),
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
