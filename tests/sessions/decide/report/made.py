"""A decision made by hand, so that what is said of it changes only when the saying does."""

import math

from msgspec.structs import replace

from infertop.engine.cost import ApiPrice, OwnedPrice, RentedPrice
from infertop.engine.sweep.estimate import Estimate
from infertop.profiles.demand import Constraints, Demand, DemandClass, Option
from infertop.sessions.decide.capacity import Capacity
from infertop.sessions.decide.decision import (
    Binding,
    Check,
    Crossing,
    Decision,
    Fact,
    Infeasible,
    Line,
    LockIn,
    LossOf,
    Plan,
    PriceUsed,
    Ranked,
    Ranking,
    RegionPlan,
    Rival,
    Sensitivity,
    Served,
    Share,
    Site,
    Split,
    Usage,
    Verdict,
)

NAMES = ("Groq LPU", "H200", "MI300X")
VENDORS = ("groq", "CoreWeave", "us")


def around(value, share=0.1):
    return Estimate(value=value, low=value * (1 - share), high=value * (1 + share))


DEMAND = Demand(
    title="Chat by day, labels by night",
    description="a chat product and a nightly run over the day's documents",
    classes=(
        DemandClass(
            name="chat", requests_per_day=Estimate(value=400_000, low=300_000, high=520_000), shape="office",
            weekend=0.4, peak_factor=Estimate(value=1.5, low=1.2, high=2.0), ttft_ms=500.0, tpot_ms=50.0,
            models=("llama-3.3-70b",),
        ),
        DemandClass(
            name="labels", workload="classification", requests_per_day=Estimate.exactly(2_000_000), shape="night",
            deferrable=True,
        ),
    ),
    constraints=Constraints(most_vendors=2, survive_loss_of="option", availability=0.999),
    options=(
        Option(
            name="Groq LPU", sim="groq", vendor="groq",
            price=ApiPrice(usd_per_m_input=0.59, usd_per_m_output=0.79, as_of="2025-08-12", source="genai-prices"),
        ),
        Option(
            name="H200", sim="h200", vendor="CoreWeave",
            price=RentedPrice(usd_per_chip_hour=6.31, chips=4, as_of="2026-09-20", source="transcript"),
        ),
        Option(
            name="MI300X", sim="mi300x", vendor="us", regions=("eu",),
            price=OwnedPrice(capex_usd=20_000, chips=4, kw_per_chip=0.75, as_of="2026-11", source="quote"),
        ),
    ),
)  # fmt: skip


def usage(usd, replicas=0, **more):
    given = {"usd_per_m_output": around(usd / 5000), "usd_per_m_total": around(usd / 40_000)}
    if replicas:
        given |= {
            "usd_per_m_output_full": usd / 20_000, "replicas_peak": replicas, "replicas_mean": replicas * 0.5,
            "chips_peak": 4 * replicas, "utilisation": 0.31, "idle_usd_per_month": usd * 0.69,
            "memory_bought_gb": 564.0, "memory_needed_gb": 301.0,
        }  # fmt: skip
    return Usage(usd_per_month=around(usd), **given, **more)


RANKINGS = (
    Ranking(
        class_name="chat",
        verdict="clear",
        why="H200 is the cheapest in 98 % of the draws.",
        options=(
            Ranked(option="H200", vendor="CoreWeave", rank=1, usage=usage(21_400, 3), wins=0.98,
                   reasons=("3 replicas at the peak, 69 % of what is paid for is idle",)),
            Ranked(option="Groq LPU", vendor="groq", rank=2, usage=usage(31_900), wins=0.02),
            Ranked(option="MI300X", vendor="us", excluded_because=("p95 TTFT 500 ms cannot be kept",)),
        ),
    ),
    Ranking(
        class_name="labels",
        verdict="too close to call",
        why="MI300X is the cheapest in 71 % of the draws, H200 in 29 %.",
        options=(
            Ranked(option="MI300X", vendor="us", rank=1, usage=usage(5_100, 2), wins=0.71),
            Ranked(option="H200", vendor="CoreWeave", rank=2, usage=usage(6_050, 2), wins=0.29),
            Ranked(option="Groq LPU", vendor="groq", rank=3, usage=usage(48_000), wins=0.0),
        ),
    ),
)  # fmt: skip

SPLIT = Split(
    shares=(
        Share(class_name="chat", option="H200", share=1.0),
        Share(class_name="labels", option="MI300X", share=0.62),
        Share(class_name="labels", option="H200", share=0.38),
    ),
    sites=(
        Site(option="H200", vendor="CoreWeave", shares={"chat": 1.0, "labels": 0.38}, usage=usage(22_150, 3),
             replicas_by_hour=(1,) * 7 + (3,) * 12 + (2,) * 5),
        Site(option="MI300X", vendor="us", region="eu", shares={"labels": 0.62}, usage=usage(2_550, 1),
             replicas_by_hour=(1,) * 24),
        Site(option="Groq LPU", vendor="groq", shares={}, usage=usage(0), stands_by=True),
    ),
    vendors=("CoreWeave", "us"),
    usd_per_month=Estimate(value=24_700, low=21_900, high=29_300),
    usd_per_m_output=around(2.31),
    gap=0.004,
    binding=("surviving the loss of an option costs $3,100 a month",),
    chips=16,
)  # fmt: skip

SINGLE = Split(
    shares=(Share(class_name="chat", option="H200", share=1.0), Share(class_name="labels", option="H200", share=1.0)),
    sites=(
        Site(option="H200", vendor="CoreWeave", shares={"chat": 1.0, "labels": 1.0}, usage=usage(27_900, 4)),
    ),
    vendors=("CoreWeave",),
    usd_per_month=around(27_900),
    usd_per_m_output=around(2.6),
    conditions=("one vendor cannot survive the loss of a vendor",),
    chips=16,
)  # fmt: skip

VOLUMES = tuple(1_000.0 * 10 ** (at / 8) for at in range(33))


def _api(volume):
    return 5.3


def _rented(volume):
    return 9_200 * math.ceil(volume / 180_000 + 0.2) / (volume * 241 * 30.4) * 1e6


VOLUME = Sensitivity(
    what="volume",
    class_name="chat",
    unit="requests a day",
    y_unit="USD per million output tokens",
    now=400_000.0,
    lines=(
        Line(option="Groq LPU", points=tuple((x, _api(x)) for x in VOLUMES)),
        Line(option="H200", points=tuple((x, float(_rented(x))) for x in VOLUMES)),
        Line(option="MI300X", points=tuple((x, None) for x in VOLUMES)),
    ),
    crossings=(Crossing(at=115_000.0, below="Groq LPU", above="H200"),),
    words="below 115,000 requests a day, Groq LPU is the cheapest",
)
LATENCY = Sensitivity(
    what="latency limit",
    class_name="chat",
    unit="ms p95 TTFT and the other limits in proportion",
    y_unit="USD per million output tokens",
    now=500.0,
    lines=(
        Line(option="Groq LPU", points=tuple((x, 5.3) for x in (100.0, 250.0, 500.0, 1000.0, 2000.0))),
        Line(option="H200", points=((100.0, None), (250.0, 6.2), (500.0, 4.28), (1000.0, 3.6),
                                    (2000.0, 3.5))),
    ),
    crossings=(Crossing(at=290.0, below="Groq LPU", above="H200"),),
    words="below p95 TTFT 290 ms, Groq LPU is the cheapest",
)  # fmt: skip

RESILIENCE = (
    LossOf(kind="option", name="H200", replanned_usd_per_month=37_000.0, extra_usd_per_month=12_300.0,
           served=(Served(class_name="chat", share=1.0), Served(class_name="labels", share=0.62))),
    LossOf(kind="vendor", name="CoreWeave", impossible_because=("at most 2 vendors",),
           served=(Served(class_name="chat", share=0.0), Served(class_name="labels", share=0.62))),
)  # fmt: skip

DECISION = Decision(
    infertop="0.1.0",
    demand=DEMAND,
    today="2026-11-23",
    offers=(),
    prices=(
        PriceUsed(option="Groq LPU", price=DEMAND.options[0].price, words="$0.59/$0.79 per M in/out (genai-prices, "
                  "2025-08-12, more than 90 days old: check it)", age_days=468, old=True),
        PriceUsed(option="H200", price=DEMAND.options[1].price, words="4 × $6.31/h rented (transcript, 2026-09-20)",
                  age_days=64),
        PriceUsed(option="MI300X", price=DEMAND.options[2].price, words="$3.01/h owned (quote, 2026-11)",
                  age_days=22),
    ),
    capacities=(
        Capacity(option="H200", class_name="chat", requests_per_s=around(4.2, 0.05), binding="p95 TTFT 500 ms",
                 in_flight=38.0, input_tokens=512.0, output_tokens=241.0, chips=4,
                 source="simulated, virtual time, seed 1", notes=("published error of this stack: 12 %",)),
        Capacity(option="MI300X", class_name="chat", requests_per_s=Estimate.exactly(0.0), kept=False,
                 binding="p95 TTFT 500 ms", input_tokens=512.0, output_tokens=241.0, chips=4,
                 source="simulated, virtual time, seed 1"),
        Capacity(option="MI300X", class_name="labels", requests_per_s=around(61.0, 0.08), input_tokens=830.0,
                 output_tokens=3.0, chips=4, label="LIVE", lower_bound=True, source="session 3f2a, backend MI300X"),
    ),
    rankings=RANKINGS,
    split=SPLIT,
    single=SINGLE,
    resilience=RESILIENCE,
    lock_in=(
        LockIn(option="H200", vendor="CoreWeave", facts=(
            Fact(what="who else sells it", words="AWS, GCP, Nebius", source="price book"),
            Fact(what="terms", words="length of the contract", source="price book", known=False),
        )),
    ),
    sensitivities=(VOLUME, LATENCY),
    verdict=Verdict(
        verdict="clear", why="cheaper than every other way in at least 97 % of the draws.", draws=400,
        rivals=(Rival(words="everything at H200", usd_per_month=around(27_900), loses=0.97),),
    ),
    infeasible=None,
    plan=Plan(
        regions=(
            RegionPlan(region="", option="H200", vendor="CoreWeave", requests_per_s={"chat": 11.6, "labels": 9.0},
                       replicas=3, needed=2, headroom=1, chips=12, usd_per_month=22_150.0, load=0.71,
                       predicted={"chat p95 TTFT": 430.0}, wait_ms=3.1),
            RegionPlan(region="eu", option="MI300X", vendor="us", requests_per_s={"labels": 14.0}, replicas=1,
                       needed=1, headroom=0, chips=4, usd_per_month=2_550.0, load=0.4),
        ),
        chips=16,
        usd_per_month=24_700.0,
        requests_per_s=34.6,
        method=("replicas by the busiest hour, times the peak factor",),
        checks=(
            Check(region="", option="H200", class_name="chat", replicas=3, requests_per_s=11.6, scale=1.0,
                  predicted=0.97, simulated=0.964, latencies={"ttft": (500.0, 452.0)}, requests=4_000, holds=True,
                  words="H200, chat: 3 replicas at 11.6/s kept p95 TTFT at 452 ms of 500 ms over 4,000 requests"),
        ),
    ),
    assumptions=("Hours of a day are independent of each other.", "Replicas of one option share one queue."),
)  # fmt: skip

INFEASIBLE = replace(
    DECISION,
    split=None,
    single=None,
    plan=None,
    resilience=(),
    verdict=Verdict(verdict="none", why="no way to serve it keeps every constraint.", draws=0),
    infeasible=Infeasible(
        words="Nothing keeps all of it: one vendor at most, and surviving the loss of a vendor.",
        binding=(
            Binding(words="at most 1 vendor", alone=True, then_usd_per_month=24_700.0),
            Binding(words="survive the loss of any one vendor", alone=False),
        ),
    ),
)
