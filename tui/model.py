"""Frames in, a `Board` out: windows, rates, percentiles, cost, trust. Knows no terminal and no clock."""

import copy
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from msgspec.structs import replace

from ..backends.printable import printable
from ..backends.providers import plain_model
from ..engine.comparability import all_differences
from ..engine.figures import attainment, tok_s, usd_per_m_output
from ..engine.frame import BackendFrame, Frame, PairFrame
from ..engine.histogram import Histogram
from ..engine.verdict import Verdict
from ..engine.workloads.mix import in_short
from ..sessions.trust import client_trust
from .answers import readable
from .board import Board, Card, Client, Header, Judgement, Load, Mark
from .chronicle import NOW, Chronicle, Time
from .draw.axis import LogAxis, axis_for
from .draw.units import clock
from .eventlog import EventLog
from .history import RateHistory
from .metrics import TTFT, Metric
from .view import WANTED_FIRST, Page, Panel
from .window import BackendWindow, paired_since

Judge = Callable[[Sequence[BackendFrame], str, Sequence[PairFrame]], list[Verdict]]
"""`engine.verdict.verdicts` or what stands in for it."""

_safe = lru_cache(maxsize=1024)(printable)


@dataclass(frozen=True, slots=True)
class Case:
    """The question put to a judge: one metric, all backends, from frame number `base` to frame number `seq`."""

    metric: Metric
    base: int
    seq: int
    backends: tuple[BackendWindow, ...] = field(compare=False)
    pairs: tuple[PairFrame, ...] = field(compare=False)

    def judged(self, judge: Judge) -> Judgement:
        """The verdicts. Takes milliseconds; touches nothing but this case, so any thread may do it."""
        metric = self.metric.judged
        if not metric:
            return Judgement(self.metric, self.base)
        verdicts = judge([backend.frame([metric]) for backend in self.backends], metric, self.pairs)
        return Judgement(self.metric, self.base, tuple(verdicts))


class Model:
    """All the screen remembers of a run: the newest frame, the window's baseline, what came before, and events."""

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self._base: Frame | None = None
        self._window = "since start"
        self._histories: defaultdict[str, RateHistory] = defaultdict(RateHistory)
        self._chronicle = Chronicle()
        self._log = EventLog()
        self._judgement = Judgement(TTFT, 0, stale=True)
        self._axes: dict[str, LogAxis] = {}
        self._unlike: tuple[object, tuple[str, ...]] = None, ()
        self._seen: tuple[Frame | None, Frame | None, list[BackendWindow]] = None, None, []

    def take(self, frame: Frame) -> bool:
        """Take in the newest frame; whether it opens a window, as the first one does and one with a new marker."""
        before, self.frame = self.frame, frame
        self._log.take(frame, before)
        marked = before is not None and bool(frame.markers) and frame.markers[-1:] != before.markers[-1:]
        if marked:
            self._open_window(f"since {clock(frame.markers[-1].at_ns)}, {_safe(frame.markers[-1].text, 40)}")
        for backend in frame.backends:
            self._histories[backend.name].take(backend.timeline, frame.at_ns)
        self._chronicle.take(frame)
        return marked or before is None

    def reset(self) -> None:
        """Open a new window at the newest frame."""
        if self.frame is not None:
            self._open_window(f"since {clock(self.frame.at_ns)}, reset")

    def _open_window(self, text: str) -> None:
        self._base, self._window = self.frame, text
        self._axes.clear()
        self._judgement = Judgement(TTFT, self._base_seq(), stale=True)

    def _base_seq(self) -> int:
        return self._base.seq if self._base else 0

    def windows(self) -> list[BackendWindow]:
        """Every backend over the present window; the same ones until a frame comes or another window opens."""
        if self._seen[0] is not self.frame or self._seen[1] is not self._base:
            self._seen = self.frame, self._base, self._new_windows()
        return self._seen[2]

    def _new_windows(self) -> list[BackendWindow]:
        if self.frame is None:
            return []
        bases = {backend.name: backend for backend in self._base.backends} if self._base else {}
        return [BackendWindow(backend, bases.get(backend.name)) for backend in self.frame.backends]

    def settle(self, judgement: Judgement) -> None:
        """Show `judgement` from now on, unless another window was opened meanwhile."""
        if judgement.base == self._base_seq():
            self._judgement = judgement

    def case(self, metric: Metric) -> "Case":
        """What a judge needs to know about `metric` at this moment."""
        pairs = paired_since(self.frame, self._base) if self.frame else ()
        return Case(metric, self._base_seq(), self.frame.seq if self.frame else 0, tuple(self._new_windows()), pairs)

    def clone(self) -> "Model":
        """This model as it stands, to be looked at while the original goes on; frames are shared."""
        shared = {id(frame): frame for frame in (self.frame, self._base)}
        return copy.deepcopy(self, {**shared, id(self._seen): (None, None, [])})

    def board(
        self, metric: Metric, time: Time = NOW, panels: Collection[Panel | Page] = WANTED_FIRST
    ) -> Board | None:
        """The picture with `metric` in front; None before the first frame.

        Args:
            metric: in front.
            time: what is shown of it where it runs across.
            panels: those, and the page, whose pictures over time and whose answers are wanted.
        """
        frame = self.frame
        if frame is None:
            return None
        windows = self.windows()
        header = _header(frame, self._base, windows, self._window)
        over = frame.phase == "done"
        cards = tuple(
            _card(series, window, self._histories[window.now.name], over=over)
            for series, window in enumerate(windows)
        )
        shown = metric.histogram(open_loop=header.load.open_loop)
        judgement = self._judgement
        if judgement.metric is not metric:
            judgement = Judgement(metric, self._base_seq(), stale=True)
        return Board(
            header=header,
            cards=cards,
            metric=metric,
            axis=self._axis(shown, cards),
            judgement=judgement,
            unlike=self._differing(frame),
            events=self._log.events(),
            marks=tuple(Mark(marker.at_ns, _safe(marker.text, 40)) for marker in frame.markers),
            heat=self._chronicle.heat(metric, time) if "heat" in panels else None,
            costs=self._chronicle.costs(time) if "cost" in panels else None,
            followed=readable(frame.followed) if frame.followed and {"stream", "compare"} & set(panels) else None,
            ratios=self._chronicle.ratios(metric, time) if "compare" in panels else None,
        )

    def _differing(self, frame: Frame) -> tuple[str, ...]:
        """What keeps backends from being compared like for like; looked for once a second."""
        key = frame.at_ns // 1_000_000_000, frame.phase
        if self._unlike[0] != key:
            found = all_differences(frame.backends, frame.likenesses)
            self._unlike = key, tuple(dict.fromkeys(each.aspect for each in found))
        return self._unlike[1]

    def _axis(self, shown: str, cards: Sequence[Card]) -> LogAxis | None:
        """The tails' axis: within a window it only ever widens, so bars never jump about."""
        needed = axis_for([card.window.histogram(shown) for card in cards])
        if needed is None:
            return self._axes.get(shown)
        self._axes[shown] = needed.covering(self._axes.get(shown))
        return self._axes[shown]


def _card(series: int, window: BackendWindow, history: RateHistory, *, over: bool) -> Card:
    now, totals = window.now, window.totals
    return Card(
        series=series,
        name=_safe(now.name, 60),
        label=now.label,
        hardware=_safe(now.hardware, 60),
        engine=_safe(now.engine, 40),
        down=now.state == "down",
        tok_s=(tok_s(totals) if over else history.rate()) if now.chunks else None,
        mean=over,
        token_source=now.token_source,
        rates=history.rates(),
        rate_top=history.top,
        window=window,
        usd_per_m=usd_per_m_output(totals),
        spent_usd=now.spent_usd,
        priced=now.price is not None,
        in_flight=now.in_flight,
        finished=totals.finished,
        failed=totals.failed,
        errors=tuple((_safe(kind, 20), count) for kind, count in sorted(totals.errors.items(), key=_by_count)),
        last_error=_safe(now.last_error),
        attainment=attainment(totals),
    )


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _header(frame: Frame, base: Frame | None, windows: Sequence[BackendWindow], window: str) -> Header:
    spent = [backend for backend in frame.backends if backend.spent_usd is not None]
    asked = [backend.model or backend.served_model for backend in frame.backends]
    models = {plain_model(model): _safe(model, 80) for model in reversed(asked) if model}
    return Header(
        title=_safe(frame.title, 60),
        workload=_safe(in_short(frame.workload), 60),
        models=tuple(models.values()),
        phase=frame.phase,
        stop_reason=frame.stop_reason,
        warmup=(frame.warmup_done, frame.warmup * len(frame.backends)),
        at_ns=frame.at_ns,
        duration_ns=None if frame.duration_s is None else round(frame.duration_s * 1e9),
        prompts=max(map(_sent, frame.backends), default=0),
        prompts_limit=frame.requests,
        spent_usd=sum(backend.spent_usd or 0.0 for backend in spent) if spent else None,
        budget_usd=frame.budget_usd,
        simulated_money=bool(spent) and all(backend.label == "SIM" for backend in spent),
        window=window,
        load=_load(frame, base, windows),
        client=_client(frame, base, windows),
    )


def _load(frame: Frame, base: Frame | None, windows: Sequence[BackendWindow]) -> Load:
    elapsed_s = (frame.at_ns - (base.at_ns if base else 0)) / 1e9
    up = [window for window in windows if window.now.state == "ok"]
    sent = [_sent(window.now) - (_sent(window.base) if window.base else 0) for window in up]
    lags = [lag for window in up if (lag := window.quantile_ns("send_lag", 0.99)) is not None]
    return Load(
        arrivals=frame.arrivals,
        offered_per_s=frame.offered_per_s,
        achieved_per_s=min(sent) / elapsed_s if sent and elapsed_s > 0 else None,
        not_sent=max((window.totals.not_sent for window in up), default=0),
        send_lag_p99_ns=max(lags, default=None),
    )


def _sent(backend: BackendFrame) -> int:
    return backend.scheduled - backend.not_sent


def _client(frame: Frame, base: Frame | None, windows: Sequence[BackendWindow]) -> Client:
    lag = Histogram.of(frame.client.loop_lag)
    if base is not None:
        lag -= Histogram.of(base.client.loop_lag)
    over_window = replace(
        frame,
        client=replace(frame.client, loop_lag=lag.state()),
        backends=tuple(window.frame(["ttft", "send_lag"]) for window in windows),
    )
    return Client(
        trust=client_trust(over_window),
        lag_p99_ns=lag.quantile_ns(0.99),
        cpu_share=frame.client.cpu_share,
        missing=len(frame.missing_workers),
        workers=frame.workers,
        clock_error_ns=max((each.clock_error_ns for each in frame.client.machines), default=None),
    )
