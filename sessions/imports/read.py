"""A foreign file, recognised by what is in it."""

from pathlib import Path
from typing import Final

import msgspec

from ...backends.printable import printable
from . import aiperf, guidellm, vllm
from .result import MOST_REQUESTS, ContentError, ForeignError, Result

MOST_BYTES: Final = 512 << 20
"""Most that is read of a file; GuideLLM keeps every prompt and answer in its own."""

_KNOWN: Final = "results of vllm bench serve, AIPerf and GuideLLM (JSON) are understood"
_RECORDS: Final = "profile_export.jsonl"
_STATISTICS: Final = "profile_export_aiperf.json"

Keys = dict[str, msgspec.Raw]


def read_results(path: Path) -> list[Result]:
    """The results in the file at `path`, at least one; of AIPerf's two files the other one is read with it.

    Raises:
        ForeignError: it cannot be read, or is nothing that is known here.
    """
    data = _bytes(path)
    try:
        results = _results(path, data)
    except ContentError as error:
        raise ForeignError(f"{_shown(path)}: {printable(str(error), 300)}") from None
    except msgspec.ValidationError as error:
        raise ForeignError(f"{_shown(path)}: not as the tool writes it: {printable(str(error), 300)}") from None
    except msgspec.DecodeError as error:
        raise ForeignError(f"{_shown(path)}: no JSON: {printable(str(error), 200)}{_hint(data)}") from None
    except (RecursionError, ValueError, OverflowError) as error:
        raise ForeignError(f"{_shown(path)}: cannot be read: {printable(str(error), 200)}") from None
    if any(len(result.requests) > MOST_REQUESTS for result in results):
        raise ForeignError(f"{_shown(path)}: more than {MOST_REQUESTS:,} requests")
    if not any(result.finished or result.failed for result in results):
        raise ForeignError(f"{_shown(path)}: no request in it has ended")
    return results


def _results(path: Path, data: bytes) -> list[Result]:
    try:
        keys = msgspec.json.decode(data, type=Keys)
    except msgspec.ValidationError:
        raise ContentError(f"it is no object; {_KNOWN}") from None
    except msgspec.DecodeError:
        lines = _lines(data)
        if len(lines) < 2:
            raise
        return _of_lines(path, lines)
    if vllm.is_one(keys):
        return [vllm.read(data)]
    if aiperf.is_one(keys):
        return [aiperf.read(data, _lines(_beside(path, _RECORDS)) if _has(path, _RECORDS) else ())]
    if guidellm.is_one(keys):
        return guidellm.read(data)
    if aiperf.is_line(keys):
        return _of_lines(path, [data])
    raise ContentError(f"nothing that is known here; {_KNOWN}")


def _of_lines(path: Path, lines: list[bytes]) -> list[Result]:
    keys = msgspec.json.decode(lines[0], type=Keys)
    if len(lines) > MOST_REQUESTS:
        raise ContentError(f"it has more than {MOST_REQUESTS:,} lines")
    if aiperf.is_line(keys):
        return [aiperf.read(_beside(path, _STATISTICS) if _has(path, _STATISTICS) else None, lines)]
    if vllm.is_one(keys):  # --append-result
        return [vllm.read(line) for line in lines]
    raise ContentError(f"nothing that is known here; {_KNOWN}")


def _lines(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line.strip()]


def _has(path: Path, name: str) -> bool:
    return path.name != name and path.with_name(name).is_file()


def _beside(path: Path, name: str) -> bytes:
    return _bytes(path.with_name(name))


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ForeignError(f"{_shown(path)}: {'not a file' if path.exists() else 'no such file'}")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ForeignError(f"{_shown(path)}: {size / 2**20:,.0f} MiB; {MOST_BYTES >> 20} MiB is the most")
        return path.read_bytes()
    except OSError as error:
        raise ForeignError(f"{_shown(path)}: {error.strerror}") from None


def _hint(data: bytes) -> str:
    return " (NaN and Infinity are no JSON)" if b"NaN" in data or b"Infinity" in data else ""


def _shown(path: Path) -> str:
    return printable(str(path), 300)
