"""The first line: what runs, how long, under which load, at what cost, and whether to believe it."""

from ...sessions.trust import SATURATED_CPU_SHARE
from ..board import Board, Client, Header, Load
from ..draw.rows import Row, Span, fit_row, fit_rows, flow, join, row_width, spread
from ..draw.units import clock, count, duration, rate, usd
from ..view import View

_GAP = Span("   ")
_ENDINGS = {
    "requests": "all prompts answered",
    "duration": "time is up",
    "budget": "budget reached",
    "told": "stopped",
    "interrupted": "interrupted",
    "parent gone": "stopped",
    "unreachable": "nobody answers",
}


def draw_header(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """The header in `rows` rows, 1 or 2."""
    header = board.header
    left = _named(header, width)
    state = join((_arranged(board, view), _replay(view), _state(header, view)), Span(" "))
    trust = (*_client(header.client, header.load), Span(" "))
    brief = width < 70
    facts = [_elapsed(header), _prompts(header), _load(header.load, brief=brief), _spend(header, brief=brief)]
    if rows <= 1:
        gap = _GAP if row_width(join((left, *facts, state, trust), _GAP)) <= width else Span("  ")
        tail = join((state, trust), gap)
        middle = join(facts, gap)
        room = width - row_width(middle) - row_width(tail) - 2 * len(gap.text)
        start = _named(header, max(room, 9))
        return [spread(join((start, middle), gap), (gap, *tail), width)]
    first = spread(left, (Span("  "), *join((state, trust), Span("  "))), width)
    second = flow([(Span(" "), *facts[0]), *facts[1:]], width, Span("  "))
    return fit_rows([first, *second], rows)


def _named(header: Header, room: int) -> Row:
    """What runs, in at most `room` cells: the model goes first where there is not room for all of it."""
    parts = _what(header)
    made = [join(((Span(" infertop", "brand"),), join(parts[:many], Span(" · ", "dim"))), _GAP) for many in range(4)]
    fits = [row for row in made if row_width(row) <= room]
    least = made[min(1, len(parts))]
    return fits[-1] if len(fits) > 1 else fit_row(least, min(row_width(least), room))


def _what(header: Header) -> list[Row]:
    """Title, workload and model, each once."""
    models = header.models[0] if len(header.models) == 1 else f"{len(header.models)} models" if header.models else ""
    parts = [part for part in (header.title, header.workload, models) if part]
    return [(Span(part, "strong" if at == 0 else ""),) for at, part in enumerate(dict.fromkeys(parts))]


def _arranged(board: Board, view: View) -> Row:
    """That not all backends are shown, or not in their own order."""
    some = Span(f" only {view.sought}: {len(board.cards)} ", "frozen")
    order = f"{board.metric.title} p95" if view.sort == "latency" else view.sort
    sort = Span(f" by {order} ", "tab on")
    return (*((some,) if view.sought else ()), *((sort,) if view.sort != "profile" else ()))


def _replay(view: View) -> Row:
    return (Span(f" {view.replay} ", "frozen"),) if view.replay else ()


def _state(header: Header, view: View) -> Row:
    if view.trouble:
        return (Span(f" {view.trouble} ", "alarm"),)
    if view.frozen_s is not None:
        return (Span(f" FROZEN {clock(round(view.frozen_s * 1e9))} ", "frozen"),)
    if header.phase == "done":
        return (Span(f" DONE {_ENDINGS.get(header.stop_reason, '')}".rstrip() + " ", "done"),)
    done, wanted = header.warmup
    words = {"starting": "starting", "warmup": f"warm-up {done}/{wanted}", "draining": "draining", "running": ""}
    return (Span(word, "warn"),) if (word := words[header.phase]) else ()


def _elapsed(header: Header) -> Row:
    limit = f" of {clock(header.duration_ns)}" if header.duration_ns is not None else ""
    return (Span(clock(header.at_ns), "strong"), Span(limit, "dim"))


def _prompts(header: Header) -> Row:
    limit = f" of {header.prompts_limit:,}" if header.prompts_limit is not None else ""
    return (Span(count(header.prompts).strip(), "strong"), Span(f"{limit} prompts", "dim"))


def _load(load: Load, *, brief: bool) -> Row:
    kind = load.arrivals.kind
    if not load.open_loop:
        return (Span("load " if brief else "concurrency ", "dim"), Span(f"{load.arrivals.concurrency:,}", "strong"))
    shape = {"gamma": f"bursts cv {load.arrivals.cv:g}", "poisson": "Poisson"}.get(kind, kind)
    achieved = "" if brief or load.achieved_per_s is None else f", {rate(load.achieved_per_s).strip()} sent"
    spans = [Span(f"{rate(load.offered_per_s).strip()}/s", "strong"), Span(f" {shape}{achieved}", "dim")]
    if load.not_sent:
        spans.append(Span(f" ! {load.not_sent:,} not sent", "warn"))
    return tuple(spans)


def _spend(header: Header, *, brief: bool) -> Row:
    spent, budget = header.spent_usd, header.budget_usd
    if spent is None:
        return ()
    word = Span("" if brief else "spend ", "dim")
    limit = Span(f" of {usd(budget).strip()}" if budget is not None else "", "dim")
    share = spent / budget if budget else 0.0
    role = "bad" if share >= 1 else "warn" if share > 0.8 else "strong"
    return (word, Span(usd(spent).strip(), role), limit, Span(" SIM" if header.simulated_money else "", "sim"))


def _client(client: Client, load: Load) -> Row:
    lag = duration(client.lag_p99_ns).strip()
    if client.missing:
        return (Span(f"! {client.missing} of {client.workers} workers lost", "bad"),)
    if client.cpu_share > SATURATED_CPU_SHARE:
        return (Span(f"! client saturated {client.cpu_share:.0%}", "bad"),)
    if client.trust.level == "red":
        return (Span(f"! sends {duration(load.send_lag_p99_ns).strip()} late", "bad"),)
    if client.trust.level == "amber":
        return (Span(f"! client lag {lag}", "warn"),)
    late = load.send_lag_p99_ns
    sending = f", sends {duration(late).strip()} late" if load.open_loop and late is not None and late > 5e6 else ""
    clocks = "" if client.clock_error_ns is None else f", clocks ±{duration(client.clock_error_ns).strip()}"
    return (Span("client ", "dim"), Span("ok", "good"), Span(f" {lag}{sending}{clocks}", "dim"))
