"""The engine's worker, remembering every stamp: `python -m tests.bench.recorded_worker FD FILE`.

The very process the product runs, with one addition: a Meter that keeps what it is given. FILE (.npz) gets, for each
request in the order they were sent, `characters` of its prompt and `sent_ns`; for each read that brought chunks,
`request`, `at_ns`, `handled_ns` (when the Meter got it: the stamp of a client without the kernel's) and `chunks`; and
`cpu_s`, all the process used.
"""

import sys
import time
from array import array

import numpy as np

from infertop.backends.base import Answer, Arrival
from infertop.engine import lane, worker
from infertop.engine.meter import Meter
from infertop.engine.tally import Tally

_characters, _sent_ns = array("q"), array("q")
_request, _at_ns, _handled_ns, _chunks = array("q"), array("q"), array("q"), array("q")


class RecordingMeter(Meter):
    """A Meter that also writes down each stamp."""

    __slots__ = ("_number", "_prompt")

    def __init__(self, tally: Tally, index: int, scheduled_ns: int, prompt_characters: int) -> None:
        super().__init__(tally, index, scheduled_ns, prompt_characters)
        self._prompt = prompt_characters
        self._number = -1

    def sent(self, answer: Answer) -> None:
        super().sent(answer)
        self._number = len(_sent_ns)
        _characters.append(self._prompt)
        _sent_ns.append(answer.sent_ns)

    def arrive(self, arrival: Arrival) -> None:
        super().arrive(arrival)
        if arrival.chunks:
            _request.append(self._number)
            _at_ns.append(arrival.at_ns)
            _handled_ns.append(time.perf_counter_ns())
            _chunks.append(arrival.chunks)


def main() -> int:
    """Run the worker, then write what was seen."""
    path = sys.argv.pop()
    lane.Meter = RecordingMeter
    status = worker.main()
    np.savez(
        path,
        cpu_s=time.process_time(),
        characters=np.array(_characters),
        sent_ns=np.array(_sent_ns),
        request=np.array(_request),
        at_ns=np.array(_at_ns),
        handled_ns=np.array(_handled_ns),
        chunks=np.array(_chunks),
    )
    return status


if __name__ == "__main__":
    sys.exit(main())
