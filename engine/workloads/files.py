"""The user's own prompts, read from a file and never altered.

| ends in          | holds                                                                                    |
|------------------|------------------------------------------------------------------------------------------|
| .jsonl, .ndjson  | a record a line                                                                          |
| .json            | one array of records (the shape of ShareGPT files)                                       |
| .csv, .tsv       | a header and a row a record; column `prompt`, `text` or `question`, maybe `max_tokens`   |
| .txt             | a prompt a line, blank lines apart; prompts of several lines need one of the other forms |

A record is `{"prompt": …}`, `{"text": …}`, `{"question": …}`, `{"messages": [{"role", "content"}, …]}` or
ShareGPT's `{"conversations": [{"from", "value"}, …]}`, of which everything up to the last human turn is sent;
conversations without a human turn are passed over, as such files hold a few. Each record may hold `max_tokens`.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from ...backends.base import Message
from ...backends.printable import printable
from .workload import WorkloadError

MOST_BYTES = 512 * 2**20
_TEXT_KEYS = ("prompt", "text", "question")

_Roles = dict[str, Literal["system", "user", "assistant"]]
_ROLES: _Roles = {"system": "system", "user": "user", "assistant": "assistant"}
_SHAREGPT_ROLES: _Roles = {**_ROLES, "human": "user", "gpt": "assistant"}


@dataclass(frozen=True, slots=True)
class FilePrompt:
    """One prompt of a file; `max_tokens` is None where the file does not say."""

    messages: tuple[Message, ...]
    max_tokens: int | None


def read(path: Path) -> tuple[FilePrompt, ...]:
    """Every prompt of the file in its order; raises WorkloadError naming file and line, or record."""
    shown = printable(str(path))
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise WorkloadError(f"{shown}: prompts are read from files that end in {', '.join(SUFFIXES)}")
    try:
        prompts = tuple(prompt for prompt in reader(_content(path, shown)) if prompt is not None)
    except _BadRecordError as error:
        raise WorkloadError(f"{shown}, {error}") from None
    if not prompts:
        raise WorkloadError(f"{shown}: holds no prompts")
    return prompts


def _content(path: Path, shown: str) -> str:
    try:
        if not path.is_file():
            raise WorkloadError(f"{shown}: {'not a file' if path.exists() else 'no such file'}")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise WorkloadError(
                f"{shown}: {size / 2**20:,.0f} MiB; at most {MOST_BYTES // 2**20} MiB of prompts are read. "
                "Take a sample of it, a run sends every prompt only once a pass"
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise WorkloadError(f"{shown}, line {line}: not UTF-8 text") from None
    except OSError as error:
        raise WorkloadError(f"{shown}: {error.strerror}") from None


class _BadRecordError(Exception):
    """What is wrong with a record, and where in the file."""


def _jsonl(content: str) -> Iterator[FilePrompt | None]:
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                record = decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise _BadRecordError(f"line {number}: not JSON ({error})") from None
            yield _record(record, f"line {number}")


def _json(content: str) -> Iterator[FilePrompt | None]:
    try:
        records = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _BadRecordError(f"not JSON ({error}); a record a line needs the ending .jsonl") from None
    if not isinstance(records, list):
        raise _BadRecordError("must hold one array of records: [ {…}, {…} ]")
    for number, record in enumerate(records, start=1):
        yield _record(record, f"record {number}")


def _delimited(delimiter: str) -> Callable[[str], Iterator[FilePrompt | None]]:
    def rows(content: str) -> Iterator[FilePrompt | None]:
        csv.field_size_limit(MOST_BYTES)
        reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
        try:
            columns = reader.fieldnames or ()
            if not any(key in columns for key in _TEXT_KEYS):
                found = printable(", ".join(columns)) or "none"
                raise _BadRecordError(f"line 1: needs a column named {_one_of(_TEXT_KEYS)}; found {found}")
            for row in reader:
                yield _record({key: value for key, value in row.items() if value}, f"line {reader.line_num}")
        except csv.Error as error:
            raise _BadRecordError(f"line {reader.reader.line_num}: {error}") from None

    return rows


def _text(content: str) -> Iterator[FilePrompt | None]:
    for line in content.split("\n"):
        if line.strip():
            yield FilePrompt((Message("user", line.removesuffix("\r")),), None)


_READERS = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".csv": _delimited(","),
    ".tsv": _delimited("\t"),
    ".txt": _text,
}

SUFFIXES = tuple(_READERS)
"""Endings of the files that can be read."""


def _record(record: Any, where: str) -> FilePrompt | None:
    if not isinstance(record, dict):
        raise _BadRecordError(f'{where}: expected an object such as {{"prompt": "…"}}')
    max_tokens = _max_tokens(record.get("max_tokens"), where)
    for key in _TEXT_KEYS:
        if key in record:
            if not isinstance(record[key], str) or not record[key].strip():
                raise _BadRecordError(f'{where}: "{key}" must be text, and not empty')
            return FilePrompt((Message("user", record[key]),), max_tokens)
    if "messages" in record:
        return FilePrompt(_turns(record, "messages", "role", "content", _ROLES, where), max_tokens)
    if "conversations" in record:
        turns = _turns(record, "conversations", "from", "value", _SHAREGPT_ROLES, where)
        while turns and turns[-1].role != "user":
            turns = turns[:-1]
        return FilePrompt(turns, max_tokens) if turns else None
    keys = _one_of((*_TEXT_KEYS, "messages", "conversations"))
    found = printable(", ".join(map(str, record))) or "nothing"
    raise _BadRecordError(f"{where}: needs {keys}; found {found}")


def _turns(
    record: dict[Any, Any], key: str, role_key: str, text_key: str, roles: _Roles, where: str
) -> tuple[Message, ...]:
    turns = record[key]
    if not isinstance(turns, list) or (key == "messages" and not turns):
        raise _BadRecordError(f'{where}: "{key}" must be a list of turns, and not empty')
    messages = []
    for number, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict) or not isinstance(turn.get(text_key), str):
            raise _BadRecordError(f'{where}, turn {number}: "{text_key}" must be text')
        role = roles.get(str(turn.get(role_key)))
        if role is None:
            said = printable(str(turn.get(role_key)), 40)
            raise _BadRecordError(f'{where}, turn {number}: "{role_key}" is "{said}", not {_one_of(tuple(roles))}')
        messages.append(Message(role, turn[text_key]))
    return tuple(messages)


def _max_tokens(value: object, where: str) -> int | None:
    if value is None:
        return None
    try:
        count = msgspec.convert(value, int, strict=False)
    except msgspec.ValidationError:
        count = 0
    if count < 1:
        raise _BadRecordError(f'{where}: "max_tokens" must be a whole number from 1 up')
    return count


def _one_of(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
