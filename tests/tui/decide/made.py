"""What the screens of a decision are tested on."""

from infertop.tui.decide.console import checked as check
from infertop.tui.decide.console import tables
from tests.sessions.decide.report.made import DECISION, DEMAND, INFEASIBLE

__all__ = ("DECISION", "DEMAND", "DOCUMENT", "INFEASIBLE", "check")

DOCUMENT = tables(DEMAND)
