"""A mixed-integer linear programme, built row by row and solved by HiGHS.

HiGHS (`highspy`) is open source, maintained by its authors at the University of Edinburgh, and needs nothing but
numpy. It is imported only when something is solved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

import numpy as np
import numpy.typing as npt

GAP: Final = 2e-4
"""An answer may cost more than the best one by so much, relatively, where the solver stops."""

_MOST_NODES: Final = 2_000
_LARGE: Final = 1_000
"""Variables of a programme that takes seconds."""

_MOST_S: Final = 60.0
_LARGE_S: Final = 6.0
"""Seconds after which a search is cut off: a large one has a good answer to begin from, a small one ends before."""

_RAISES: Final = 4
"""Times that counts are raised: one may wait for another (replicas for those of their pools)."""

_SETTINGS: Final[Sequence[tuple[str, Any]]] = (
    ("output_flag", False),
    ("threads", 1),
    ("mip_rel_gap", GAP),
    ("mip_feasibility_tolerance", 1e-7),
    ("mip_max_nodes", _MOST_NODES),
)

Values = npt.NDArray[np.float64]
Terms = Iterable[tuple[int, float]]
"""Variables with their coefficients."""


class SolverError(RuntimeError):
    """The solver gave up; the message says how."""


@dataclass(frozen=True, slots=True)
class Solved:
    """An optimum.

    Attributes:
        values: of the variables, (variables,).
        objective: what they cost.
        gap: how much cheaper, relatively, the best answer might be.
    """

    values: Values
    objective: float
    gap: float


@dataclass(slots=True)
class Programme:
    """Minimise the cost of variables under rows of linear constraints."""

    _cost: list[float] = field(default_factory=list)
    _low: list[float] = field(default_factory=list)
    _high: list[float] = field(default_factory=list)
    _whole: list[bool] = field(default_factory=list)
    _row_low: list[float] = field(default_factory=list)
    _row_high: list[float] = field(default_factory=list)
    _starts: list[int] = field(default_factory=lambda: [0])
    _columns: list[int] = field(default_factory=list)
    _factors: list[float] = field(default_factory=list)

    def variable(self, cost: float = 0.0, low: float = 0.0, high: float = inf, *, whole: bool = False) -> int:
        """A new variable; its number."""
        self._cost.append(cost)
        self._low.append(low)
        self._high.append(high)
        self._whole.append(whole)
        return len(self._cost) - 1

    def row(self, terms: Terms, low: float = -inf, high: float = inf) -> None:
        """Low <= Σ factor · variable <= high; the same variable may come several times."""
        together: dict[int, float] = {}
        for column, factor in terms:
            together[column] = together.get(column, 0.0) + factor
        self._columns += together.keys()
        self._factors += together.values()
        self._starts.append(len(self._columns))
        self._row_low.append(low)
        self._row_high.append(high)

    def cost_at_most(self, limit: float) -> None:
        """The objective must not pass `limit`."""
        self.row([(column, cost) for column, cost in enumerate(self._cost) if cost], high=limit)

    def solve(self) -> Solved | None:
        """The cheapest values that are found; None where nothing keeps every row.

        A large one is solved first without asking that counts be whole, which takes a fraction of the time. Its
        counts rounded up are often near enough to the best; if not, the search for that begins from there.

        Raises:
            SolverError: it was cut off before there was any answer.
        """
        whole = np.array(self._whole)
        counts = whole & (np.array(self._high) > 1)
        if len(whole) < _LARGE or not counts.any():
            return self._solved(whole, _MOST_S)
        rough = self._solved(whole & ~counts, _MOST_S)
        if rough is None:
            return None
        start = self._rounded_up(rough.values, counts)
        if start is not None and not rough.gap:
            cost = float(start @ np.array(self._cost))
            if cost - rough.objective <= GAP * abs(cost):
                return Solved(start, cost, 0.0)
        return self._solved(whole, _LARGE_S, start)

    def _rounded_up(self, values: Values, counts: npt.NDArray[np.bool_]) -> Values | None:
        """`values` with whole counts, raised until each row has its least; None where that breaks another row."""
        values = np.where(counts, np.ceil(values - 1e-8), np.where(self._whole, values.round(), values))
        columns, factors = np.array(self._columns), np.array(self._factors)
        row = np.repeat(np.arange(len(self._row_low)), np.diff(self._starts))
        for _ in range(_RAISES):
            sums = np.bincount(row, factors * values[columns], len(self._row_low))
            short = np.array(self._row_low) - sums > 1e-9
            if not short.any():
                return values if (sums - np.array(self._row_high) <= 1e-6).all() else None
            raised = np.flatnonzero(counts[columns] & (factors == 1.0) & short[row])
            if set(row[raised]) != set(np.flatnonzero(short)):
                return None
            values[columns[raised]] += np.ceil(np.array(self._row_low)[row[raised]] - sums[row[raised]])
        return None

    def _solved(self, whole: npt.NDArray[np.bool_], most_s: float, start: Values | None = None) -> Solved | None:
        """The optimum with the variables that are `whole`, begun from the values `start`."""
        import highspy  # noqa: PLC0415  a seventh of a second, for a command that few runs need

        scale = max((abs(cost) for cost in self._cost), default=0.0) or 1.0
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self._cost), len(self._row_low)
        model.col_cost_ = np.array(self._cost) / scale
        model.col_lower_, model.col_upper_ = np.array(self._low), np.array(self._high)
        model.row_lower_, model.row_upper_ = np.array(self._row_low), np.array(self._row_high)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(self._starts, np.int32)
        model.a_matrix_.index_ = np.array(self._columns, np.int32)
        model.a_matrix_.value_ = np.array(self._factors)
        kinds = highspy.HighsVarType
        model.integrality_ = [kinds.kInteger if each else kinds.kContinuous for each in whole]
        quiet: Any = highspy.Highs.__base__  # the class itself prints a banner before it can be told not to
        solver = quiet()
        for name, value in (*_SETTINGS, ("time_limit", most_s)):
            solver.setOptionValue(name, value)
        solver.passModel(model)
        if start is not None:
            solver.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
        solver.run()
        return _result(highspy, solver, scale)


def _result(highspy: Any, solver: Any, scale: float) -> Solved | None:
    status = solver.getModelStatus()
    known = highspy.HighsModelStatus
    if status in {known.kInfeasible, known.kUnboundedOrInfeasible}:
        return None
    info = solver.getInfo()
    solved = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if status != known.kOptimal and not solved:
        raise SolverError(f"HiGHS found no answer: {solver.modelStatusToString(status)}")
    values = np.array(solver.getSolution().col_value)
    objective = float(info.objective_function_value) * scale
    gap = float(info.mip_gap)
    return Solved(values, objective, gap if np.isfinite(gap) and gap > GAP else 0.0)
