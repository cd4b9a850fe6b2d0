"""What surrounds a run: its limits, its warnings, what is found when nothing is named."""

import os
from pathlib import Path

import msgspec
import pytest

from infertop.backends.discovery import LocalServer
from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.frame import Frame
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from infertop.profiles.library import plan_of
from infertop.tui.cli import main
from infertop.tui.commands.find import found_lines, key_lines, local_plan
from infertop.tui.commands.start import (
    DEFAULT_BUDGET_USD,
    DEFAULT_DURATION_S,
    Form,
    check_keys,
    warnings,
    with_limits,
)
from infertop.tui.console import save_session
from infertop.tui.usage import UsageError

PRICE = ApiPrice(usd_per_m_input=1, usd_per_m_output=2)
PAID = RunPlan(backends=(BackendPlan(name="a", url="https://api.example.com/v1", key="env:K", price=PRICE),))
SIM = RunPlan(backends=(BackendPlan(name="a", url="sim:groq", price=PRICE),))


def test_nobody_watches_for_ever() -> None:
    assert with_limits(SIM, Form.TABLE).duration_s == DEFAULT_DURATION_S
    assert with_limits(SIM, Form.CONSOLE).duration_s is None
    ends = RunPlan(backends=SIM.backends, requests=5)
    assert with_limits(ends, Form.JSON) == ends


@pytest.mark.parametrize("target", ["sim:h200", "https://me:secret@example.com/v1"])
def test_what_is_no_profile_is_run_without_the_word(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", target]) == 2
    said = capsys.readouterr().err
    assert "compared without 'run'" in said
    assert "secret" not in said


def test_real_money_is_capped_and_simulated_money_is_not() -> None:
    assert with_limits(PAID, Form.CONSOLE).budget_usd == DEFAULT_BUDGET_USD
    assert with_limits(SIM, Form.CONSOLE).budget_usd is None
    given = RunPlan(backends=PAID.backends, budget_usd=5)
    assert with_limits(given, Form.CONSOLE).budget_usd == 5


def test_what_should_be_known_before_anything_is_sent() -> None:
    open_key = BackendPlan(name="far", url="http://gpu1:8000/v1", key="env:K")
    plan = RunPlan(backends=(*PAID.backends, open_key), budget_usd=1)
    told = list(warnings(plan))
    assert told.pop(1).startswith("estimate: a: about $0.00")
    assert told == [
        "API spend is capped at $1.00 (--budget)",
        "no price is known for far: its cost is not shown and no budget holds it",
        "far is reached over http: its key crosses the network unencrypted",
    ]
    rented = BackendPlan(name="b", url="http://127.0.0.1:1/v1", price=RentedPrice(usd_per_chip_hour=1))
    assert list(warnings(RunPlan(backends=(rented,)))) == []


def test_more_workers_than_cores_are_warned_of() -> None:
    cores = os.cpu_count() or 1
    assert list(warnings(RunPlan(backends=SIM.backends, workers=cores))) == []
    (told,) = warnings(RunPlan(backends=SIM.backends, workers=cores + 1))
    assert told == f"{cores + 1} workers on {cores} cores take them from each other (--workers)"


def test_workers_of_a_cluster_have_other_cores_and_look_for_keys_themselves() -> None:
    keyed = BackendPlan(name="a", url="https://host/v1", key="env:INFERTOP_NOT_SET")
    plan = RunPlan(backends=(keyed,), workers=1_000, ray="head:6379")
    assert not [line for line in warnings(plan) if "cores" in line]
    check_keys(plan)
    with pytest.raises(UsageError, match="INFERTOP_NOT_SET"):
        check_keys(msgspec.structs.replace(plan, ray=""))


def test_found_servers_are_compared_by_their_first_model() -> None:
    servers = [
        LocalServer("http://127.0.0.1:8000/v1", "vLLM", ("big\x1b[0m", "small")),
        LocalServer("http://127.0.0.1:11434/v1", "Ollama", ("tiny",)),
    ]
    plan = local_plan(servers)
    assert [(b.name, b.url, b.model) for b in plan.backends] == [
        ("127.0.0.1:8000", "http://127.0.0.1:8000/v1", "big\x1b[0m"),
        ("127.0.0.1:11434", "http://127.0.0.1:11434/v1", "tiny"),
    ]
    assert "\x1b" not in "".join(found_lines(servers))
    assert "simulated fleet (SIM)" in found_lines([])[0]


def test_a_key_is_named_with_what_to_type_and_never_shown() -> None:
    lines = key_lines({"GROQ_API_KEY": "gsk-secret"})
    assert lines == ["GROQ_API_KEY is set: infertop groq:openai/gpt-oss-120b"]


def test_a_session_is_saved_as_it_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    plan = RunPlan(title="A vs B", backends=PAID.backends, seed=4)
    now = Frame(arrivals=ArrivalsPlan(kind="poisson", rate_per_s=12))
    path = Path(save_session(plan, now))
    assert path.is_relative_to(tmp_path)
    assert path.name.startswith("a-vs-b-")
    saved = plan_of(path.stem)
    assert (saved.arrivals.rate_per_s, saved.seed, saved.backends) == (12, 4, plan.backends)
