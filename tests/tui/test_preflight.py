"""Before a run that costs: what is shown, what is asked of servers, and that nothing starts by itself."""

import pytest
from aiohttp import web

from infertop.engine.cost import ApiPrice
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.tui.draw.glyphs import Tier
from infertop.tui.draw.rows import row_text
from infertop.tui.panels.preflight import Found, draw_preflight
from infertop.tui.screens.preflight import PreflightApp, found_at

from .screen import matches_golden, text

SIZES = ((50, 20), (80, 24), (120, 40), (240, 60))
PRICE = ApiPrice(usd_per_m_input=0.15, usd_per_m_output=0.6, source="groq.com", as_of="2026-10-01")
PLAN = RunPlan(
    title="groq vs mine",
    backends=(
        BackendPlan(name="groq", url="https://api.groq.com/openai/v1", model="openai/gpt-oss-120b",
                    key="env:GROQ_API_KEY", price=PRICE),
        BackendPlan(name="mine", url="http://gpu1:8000/v1", hardware="H200 ×2"),
    ),
    workload=WorkloadPlan(max_tokens=256),
    arrivals=ArrivalsPlan(kind="poisson", rate_per_s=4),
    warmup=5,
    duration_s=600,
    budget_usd=1.0,
)  # fmt: skip
COSTS = ["groq: about $0.31 for 2,405 requests of 412 tokens in, 190 out", "in all about $0.31, at most $0.52"]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_page(size):
    found = {"groq": Found("Groq; it lists openai/gpt-oss-120b", fine=True)}
    rows = draw_preflight(PLAN, found, COSTS, ["no price is known for mine"], size[0])
    matches_golden(f"pages/preflight_{size[0]}x{size[1]}", "\n".join(row_text(row).rstrip() for row in rows))


@pytest.mark.parametrize(("key", "starts"), [("enter", True), ("escape", False), ("q", False), ("ctrl+c", False)])
async def test_nothing_starts_unasked(key, starts):
    app = PreflightApp(RunPlan(backends=(BackendPlan(name="a", url="sim:h200"),)), COSTS, [], tier=Tier.BRAILLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        assert "in all about $0.31" in text(app)
        assert "SIM: infertop's own" in text(app)
        assert app.return_value is None
        await pilot.press(key)
    assert app._exit
    assert bool(app.return_value) is starts


async def test_it_scrolls_on_a_small_terminal():
    app = PreflightApp(PLAN, COSTS, ["one thing"], tier=Tier.ASCII)
    async with app.run_test(size=(50, 12)) as pilot:
        await pilot.pause(0.05)
        assert "one thing" not in text(app)
        assert text(app).isascii()
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown", "down")
        assert "! one thing" in text(app)
        await pilot.press("pageup", "pageup", "pageup", "pageup", "up")
        assert "will run" in text(app)


@pytest.fixture
async def server():
    """A server that lists one model, in words of its own."""

    async def models(_):
        return web.json_response({"data": [{"id": "tiny\x1b[31m", "owned_by": "vllm"}]})

    app = web.Application()
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


async def test_a_server_is_asked_what_it_is(server):
    found = await found_at(BackendPlan(name="a", url=server))
    assert found.fine
    assert found.words.startswith("vLLM; it lists tiny\N{REPLACEMENT CHARACTER}[31m")
    missing = await found_at(BackendPlan(name="a", url=server, model="huge"))
    assert not missing.fine
    assert "does not list huge among 1 models" in missing.words


async def test_nobody_there_is_said():
    found = await found_at(BackendPlan(name="a", url="http://127.0.0.1:9/v1"))
    assert not found.fine
    assert "refused" in found.words
