"""The engine's worker, remembering every stamp: `python -m tests.bench.recorded_worker FD FILE`.

The very process the product runs, with one addition: a Meter that keeps what it is given. FILE (.npz) gets, for each
request in the order they were sent, `characters` of its prompt and `sent_ns`; for each read that brought chunks,
`request`, `at_ns`, `handled_ns` (when it was made: the stamp of a client without the kernel's) and `chunks`; and
`cpu_s`, all the process used.
"""

import socket
import sys
import time
from array import array

import numpy as np

from infertop.backends.base import Answer, Arrival, Stamp
from infertop.backends.transport import direct
from infertop.backends.transport.stamps import StampedReader
from infertop.engine import lane, worker
from infertop.engine.meter import Meter
from infertop.engine.tally import Tally

_characters, _sent_ns = array("q"), array("q")
_read_ns: dict[int, int] = {}
"""When each read was made, by its stamp, until its arrival is handed over."""

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
            times_ns = [*arrival.earlier_ns, arrival.at_ns]
            _request.extend([self._number] * len(times_ns))
            _at_ns.extend(times_ns)
            _handled_ns.extend([_read_ns.pop(at_ns, at_ns) for at_ns in times_ns])
            _chunks.extend(arrival.earlier_chunks)
            _chunks.append(arrival.chunks - sum(arrival.earlier_chunks))


class RecordingReader(StampedReader):
    """A reader that also writes down when each read was made."""

    def read(self, sock: socket.socket) -> tuple[memoryview, int, Stamp]:
        data, at_ns, stamp = super().read(sock)
        _read_ns[at_ns] = time.perf_counter_ns()
        return data, at_ns, stamp


def main() -> int:
    """Run the worker, then write what was seen."""
    path = sys.argv.pop()
    lane.Meter = RecordingMeter
    direct.StampedReader = RecordingReader
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
