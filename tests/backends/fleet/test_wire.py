"""The protocol without a network: what is asked for, what is refused, what events say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.fleet.stacks import H200, INFERENTIA2
from infertop.backends.fleet.text import CHARACTERS_PER_TOKEN, PIECES, answer_plan, answer_text, count_tokens
from infertop.backends.fleet.wire import AnswerEvents, ApiError, Order, read_order


def ask(seed: int = 1, **fields: object) -> Order:
    body = {"messages": [{"role": "user", "content": "How are you?"}]} | fields
    return read_order(json.dumps(body).encode(), INFERENTIA2, seed)


def wanted(seed: int = 1) -> int:
    """How long the answer to `ask`'s prompt would be with nothing said about it."""
    return answer_plan(seed, "How are you?")[1]


@given(
    limit=st.integers(1, 600),
    minimum=st.integers(0, 600),
    ignore_eos=st.booleans(),
    seed=st.integers(0, 50),
    new_name=st.booleans(),
)
def test_output_length_obeys_every_limit(
    limit: int, minimum: int, ignore_eos: bool, seed: int, new_name: bool
) -> None:
    minimum = min(minimum, limit)
    names = {"max_completion_tokens": limit, "max_tokens": 1} if new_name else {"max_tokens": limit}
    if new_name and minimum > 1:
        names["max_tokens"] = minimum
    order = ask(seed, ignore_eos=ignore_eos, min_tokens=minimum, **names)
    assert order.output_tokens == (limit if ignore_eos else min(limit, max(minimum, wanted(seed))))
    assert order.finish_reason == ("length" if order.output_tokens == limit else "stop")


def test_without_a_limit_the_answer_has_its_own_length() -> None:
    assert ask().output_tokens == wanted()
    assert ask().finish_reason == "stop"


def test_answers_differ_by_prompt_and_seed_and_repeat_otherwise() -> None:
    lengths = {answer_plan(seed, prompt) for seed in range(10) for prompt in map(str, range(10))}
    assert len(lengths) > 90
    assert answer_plan(3, "same") == answer_plan(3, "same")


def test_answer_lengths_are_those_of_chats() -> None:
    lengths = sorted(answer_plan(1, str(i))[1] for i in range(4000))
    assert 180 < lengths[2000] < 220
    assert lengths[0] >= 1
    assert 400 < lengths[3600] < 600
    assert lengths[-1] <= 2048


@given(st.lists(st.text(max_size=200), min_size=1, max_size=4))
def test_input_is_counted_by_characters(texts: list[str]) -> None:
    order = ask(messages=[{"role": "user", "content": text} for text in texts], max_tokens=1)
    joined = "\n".join(texts)
    assert order.input_tokens == count_tokens(joined)
    assert (order.input_tokens - 1) * CHARACTERS_PER_TOKEN <= len(joined)
    assert order.input_tokens * CHARACTERS_PER_TOKEN >= len(joined)


def test_content_in_parts_counts_as_its_text() -> None:
    parts = [{"type": "text", "text": "x" * 40}, {"type": "image_url", "image_url": {"url": "y" * 400}}]
    assert ask(messages=[{"role": "user", "content": parts}]).input_tokens == 10


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"model": "gpt-4"}, 404, "`gpt-4` does not exist"),
        ({"messages": []}, 400, "at least one message"),
        ({"messages": "hello"}, 400, "`$.messages`"),
        ({"messages": None}, 400, "`$.messages`"),
        ({"max_tokens": 0}, 400, "max_tokens must be at least 1, got 0"),
        ({"max_tokens": "many"}, 400, "`$.max_tokens`"),
        ({"max_tokens": 5, "min_tokens": 6}, 400, "min_tokens must be between 0 and max_tokens=5, got 6"),
        ({"min_tokens": -1}, 400, "got -1"),
        ({"max_tokens": 8192}, 400, "maximum context length is 8192 tokens. However, you requested 8195 tokens"),
        ({"messages": [{"role": "user", "content": "x" * 40_000}]}, 400, "10000 in the messages"),
    ],
)
def test_errors_are_vllms(fields: dict[str, object], status: int, says: str) -> None:
    with pytest.raises(ApiError) as caught:
        ask(**fields)
    error = json.loads(caught.value.body)["error"]
    assert caught.value.status == error["code"] == status
    assert says in error["message"]
    assert error["type"] == {400: "BadRequestError", 404: "NotFoundError"}[status]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"messages":[{"content":"no role"}]}', b"\xff"])
def test_what_is_not_a_request_is_a_400(body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        read_order(body, H200, 1)
    assert caught.value.status == 400


def test_nulls_mean_unset() -> None:
    names = ("stream", "stream_options", "max_tokens", "max_completion_tokens", "min_tokens", "ignore_eos", "model")
    assert ask(**dict.fromkeys(names)) == ask()


@given(
    chunks=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    start=st.integers(0, 1000),
    usage=st.booleans(),
    continuous=st.booleans(),
)
def test_events_add_up_to_the_answer(chunks: list[int], start: int, usage: bool, continuous: bool) -> None:
    total = sum(chunks)
    order = Order(11, total, "length", start, stream=True, usage=usage, continuous_usage=usage and continuous)
    events = AnswerEvents(order, "chatcmpl-1", "m", 1)
    lines = b"".join(events.next(tokens) for tokens in chunks).decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    documents = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]

    last = documents.pop() if usage else None
    if last is not None:
        assert last["choices"] == []
        assert last["usage"] == {"prompt_tokens": 11, "completion_tokens": total, "total_tokens": 11 + total}
    assert documents[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    texts = [document["choices"][0]["delta"]["content"] for document in documents[1:]]
    assert len(texts) == len(chunks)
    assert "".join(texts) == answer_text(start, total)
    reasons = [document["choices"][0]["finish_reason"] for document in documents]
    assert reasons == [None] * len(chunks) + ["length"]
    if order.continuous_usage:
        counts = [document["usage"]["completion_tokens"] for document in documents]
        assert counts == [sum(chunks[:n]) for n in range(len(chunks) + 1)]
    else:
        assert not any("usage" in document for document in documents)


def test_pieces_need_no_escaping_and_are_about_as_long_as_tokens() -> None:
    text = "".join(PIECES)
    assert json.dumps(text) == f'"{text}"'
    assert 3.5 < len(text) / len(PIECES) < 5
    assert "simulated" in text
