"""The user's own prompts: every form reads, nothing is altered, every mistake is located."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.base import Message
from infertop.engine.workloads import WorkloadError, files
from infertop.engine.workloads.files import FilePrompt, read

TURNS = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
SHARED = [
    {
        "id": "a",
        "conversations": [
            {"from": "human", "value": "One?"},
            {"from": "gpt", "value": "Two."},
            {"from": "human", "value": "Three?"},
            {"from": "gpt", "value": "Four."},
        ],
    },
    {"id": "b", "conversations": [{"from": "gpt", "value": "No question."}]},
    {"id": "c", "conversations": []},
]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def user(text: str, max_tokens: int | None = None) -> FilePrompt:
    return FilePrompt((Message("user", text),), max_tokens)


@pytest.mark.parametrize(
    ("name", "content", "prompts"),
    [
        ("a.jsonl", '{"prompt": "A", "max_tokens": 7}\n\n{"text": "B", "id": 3}\n', [user("A", 7), user("B")]),
        ("a.ndjson", '{"question": "A"}', [user("A")]),
        (
            "a.jsonl",
            json.dumps({"messages": TURNS}),
            [FilePrompt((Message("system", "Be brief."), Message("user", "Hi")), None)],
        ),
        (
            "a.json",
            json.dumps(SHARED),
            [
                FilePrompt(
                    (Message("user", "One?"), Message("assistant", "Two."), Message("user", "Three?")),
                    None,
                )
            ],
        ),
        (
            "a.csv",
            'id,prompt,max_tokens\n1,"A, with\n two lines",9\n2,B,\n',
            [user("A, with\n two lines", 9), user("B")],
        ),
        ("a.csv", b"\xef\xbb\xbfquestion\r\nA\r\n", [user("A")]),
        ("a.tsv", "text\tnote\nA\tx\n", [user("A")]),
        ("a.TXT", "A \r\n\n  B\u2028b\n", [user("A "), user("  B\u2028b")]),
    ],
)
def test_every_form_reads(tmp_path: Path, name: str, content: str | bytes, prompts: list[FilePrompt]) -> None:
    assert read(written(tmp_path, name, content)) == tuple(prompts)


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), min_size=1)


@given(TEXTS)
def test_texts_are_sacred(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("prompts") / "mine.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": text}) for text in texts))
    assert [prompt.messages[0].content for prompt in read(path)] == texts


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        (
            "a.jsonl",
            '{"prompt": "A"}\n{"prompt": }',
            "a.jsonl, line 2: not JSON (JSON is malformed: invalid character",
        ),
        ("a.jsonl", '{"prompt": "A"}\n["A"]', 'a.jsonl, line 2: expected an object such as {"prompt": "…"}'),
        (
            "a.jsonl",
            '{"promt": "A"}',
            "a.jsonl, line 1: needs prompt, text, question, messages or conversations; found promt",
        ),
        ("a.jsonl", '{"prompt": " "}', 'a.jsonl, line 1: "prompt" must be text, and not empty'),
        (
            "a.jsonl",
            '{"prompt": "A", "max_tokens": 0}',
            'a.jsonl, line 1: "max_tokens" must be a whole number from 1 up',
        ),
        (
            "a.jsonl",
            '{"prompt": "A", "max_tokens": "x"}',
            'a.jsonl, line 1: "max_tokens" must be a whole number from 1 up',
        ),
        ("a.jsonl", '{"messages": []}', 'a.jsonl, line 1: "messages" must be a list of turns, and not empty'),
        ("a.jsonl", '{"messages": [{"role": "user"}]}', 'a.jsonl, line 1, turn 1: "content" must be text'),
        (
            "a.jsonl",
            '{"messages": [{"role": "tool\\u001b", "content": "A"}]}',
            'a.jsonl, line 1, turn 1: "role" is "tool\ufffd", not system, user or assistant',
        ),
        ("a.jsonl", "[" * 100_000, "a.jsonl, line 1: not JSON"),
        ("a.jsonl", "\n\n", "a.jsonl: holds no prompts"),
        ("a.jsonl", b"\n\xff", "a.jsonl, line 2: not UTF-8 text"),
        ("a.json", '{"prompt": "A"}', "a.json, must hold one array of records"),
        ("a.json", '[{"prompt": "A"}, 3]', "a.json, record 2: expected an object"),
        ("a.json", '{"prompt": "A"}\n{"prompt": "B"}', "a.json, not JSON"),
        ("a.json", json.dumps(SHARED[1:]), "a.json: holds no prompts"),
        ("a.csv", "id,ask\n1,A\n", "a.csv, line 1: needs a column named prompt, text or question; found id, ask"),
        ("a.csv", 'prompt\n"A', "a.csv, line 2: unexpected end of data"),
        ("a.csv", "prompt,max_tokens\nA,many\n", 'a.csv, line 2: "max_tokens" must be a whole number from 1 up'),
        ("a.csv", "", "a.csv, line 1: needs a column named prompt, text or question; found none"),
        ("a.txt", "\n \n", "a.txt: holds no prompts"),
    ],
)
def test_a_mistake_is_located(tmp_path: Path, name: str, content: str | bytes, text: str) -> None:
    path = written(tmp_path, name, content)
    with pytest.raises(WorkloadError) as error:
        read(path)
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(text)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jsonl"
    with path.open("wb") as file:
        file.truncate(files.MOST_BYTES + 1)
    with pytest.raises(WorkloadError, match="at most 512 MiB of prompts are read"):
        read(path)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    path = tmp_path / "folder.txt"
    path.mkdir()
    with pytest.raises(WorkloadError, match=r"folder\.txt: not a file"):
        read(path)
