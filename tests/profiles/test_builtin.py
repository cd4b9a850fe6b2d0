"""The built-in profiles load, become plans, and carry the prices of the price book."""

import csv
from itertools import pairwise
from pathlib import Path

import pytest

import infertop.backends.fleet.stacks as fleet
from infertop.backends import printable
from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.plan import RunPlan
from infertop.engine.prompts import PromptStream
from infertop.profiles import library
from infertop.profiles.load import read

DATA = Path(printable.__file__).parent / "data"
FAMILIES = (
    "cerebras", "groq", "h100-vllm", "h200-vllm", "inferentia2-sagemaker", "inferentia2-tgi", "inferentia2-vllm",
    "mi300x-vllm", "tpu-v4", "tpu-v5e", "tpu-v5p", "tpu-v6e",
)  # fmt: skip
NAMES = (
    "cerebras", "classification", "fleet", "groq-vs-cerebras", "groq", "h100-vllm", "h200-vllm", "h200-vs-mi300x",
    "inferentia2-sagemaker", "inferentia2-tgi", "inferentia2-vllm", "latency-slo", "local", "mi300x-vllm", "rag",
    "tpu-v4", "tpu-v5e", "tpu-v5p", "tpu-v6e",
)  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest, config: Path) -> str:
    return request.param


def test_these_are_all() -> None:
    assert tuple(entry.name for entry in library.listings() if entry.origin == "built-in") == NAMES


def test_it_becomes_a_plan_with_prompts(name: str) -> None:
    plan = library.plan_of(name)
    assert plan.title
    assert plan.title != name
    assert PromptStream(plan.seed, plan.workload).prompt(0).messages


def test_it_teaches_before_it_begins(name: str) -> None:
    lines = read(library.find(name)).splitlines()
    assert [line[:1] for line in lines[:4]] == ["#"] * 4
    assert all(len(line) <= 118 or line.startswith("price =") for line in lines)


def test_its_description_fits_the_list(name: str) -> None:
    (entry,) = [entry for entry in library.listings() if entry.name == name]
    assert 20 < len(entry.description) <= 80
    assert not entry.problem


def test_its_prices_are_in_the_price_book(name: str) -> None:
    plan = library.plan_of(name)
    hourly = {(row["accelerator"], float(row["usd_per_chip_hour"]), row["as_of"]) for row in rows("prices_hour.csv")}
    listed = {
        (
            row["provider"], row["model"], float(row["usd_per_m_input"]), float(row["usd_per_m_output"]),
            float(row["usd_per_m_cached"]) if row["usd_per_m_cached"] else None, row["as_of"],
        )
        for row in rows("prices_api.csv")
    }  # fmt: skip
    priced = 0
    for backend in plan.backends:
        accelerator, chips = hardware_of(backend.url, backend.hardware)
        match backend.price:
            case RentedPrice() as price:
                assert (accelerator, price.usd_per_chip_hour, price.as_of) in hourly
                assert price.chips == chips
            case ApiPrice() as price:
                provider = backend.name.split()[0].lower()
                model = backend.model.removeprefix("openai/")
                paid = (price.usd_per_m_input, price.usd_per_m_output, price.usd_per_m_cached, price.as_of)
                assert (provider, model, *paid) in listed
            case None:
                assert name == "local"
        if backend.price:
            assert backend.price.source
            priced += 1
    assert priced == (0 if name == "local" else len(plan.backends))


def hardware_of(url: str, hardware: str) -> tuple[str, int]:
    """Accelerator by its name in the price book, and chips."""
    if url.startswith("sim:"):
        stack = fleet.STACKS[url.removeprefix("sim:")]
        return stack.accelerator, stack.chips
    family, _, chips = hardware.partition(" ×")
    return {"H100": "H100 SXM", "H200": "H200 SXM"}.get(family, family), int(chips or 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_hardware_family_has_a_profile_to_edit(config: Path, family: str) -> None:
    plan = library.plan_of(family)
    (backend,) = plan.backends
    assert backend.price is not None
    assert backend.power is not None
    assert backend.hardware
    assert backend.model
    text = read(library.find(family))
    assert "infertop run" in text
    assert backend.key.startswith("env:") or "infertop profiles new mine --from " + family in text
    library.write(text, "mine")
    assert library.plan_of("mine").backends == plan.backends


def test_the_fleet_profiles_show_all_six_stacks_alike(config: Path) -> None:
    plans = [library.plan_of(name) for name in ("fleet", "classification", "rag", "latency-slo")]
    assert [backend.url for backend in plans[0].backends] == [f"sim:{stack}" for stack in fleet.STACKS]
    for one, other in pairwise(plans):
        assert one.backends == other.backends


def test_retired_list_prices_say_so(config: Path) -> None:
    prices = {backend.name: backend.price for backend in library.plan_of("fleet").backends}
    assert prices["Groq LPU"].source == "genai-prices, retired 2026-08-16"
    assert prices["Cerebras"].source == "litellm 1.109.1, retired 2026-02-16"


def test_the_paid_one_has_keys_by_reference_and_a_budget(config: Path) -> None:
    plan: RunPlan = library.plan_of("groq-vs-cerebras")
    assert [backend.key for backend in plan.backends] == ["env:GROQ_API_KEY", "env:CEREBRAS_API_KEY"]
    assert plan.budget_usd == 1.0


def test_the_gate_is_a_gate(config: Path) -> None:
    plan = library.plan_of("latency-slo")
    assert (plan.arrivals.kind, plan.slo.ttft_ms, plan.slo.attainment) == ("poisson", 2000, 0.99)


def test_the_profile_in_the_docs_is_one(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")
    path = tmp_path / "documented.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    plan = library.plan_of(str(path))
    assert [backend.name for backend in plan.backends] == ["H200", "Groq"]
    assert plan.slo.attainment == 0.99
