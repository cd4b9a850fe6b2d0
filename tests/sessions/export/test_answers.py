"""Who is ahead: told only where something is proved, by p95 or by the mean on the same prompts."""

from infertop.engine.frame import Frame
from infertop.sessions.export.answer import answers
from infertop.sessions.export.leads import lead
from infertop.sessions.export.sentence import plain
from infertop.sessions.summary import document

from ..frames import backend, frame, latencies, paired, three


def said(made: Frame) -> dict[str, str]:
    summary = document(made)
    return {each.question: plain(each.said, summary) for each in answers(summary)}


def two(a_ms: float, b_ms: float, count: int) -> Frame:
    a, b = latencies(a_ms, count, 1), latencies(b_ms, count, 2)
    return frame(
        backend("a", ttft_ms=a, tpot_ms=a),
        backend("b", ttft_ms=b, tpot_ms=b),
        paired=paired("ttft_sched", a=a, b=b) if count else (),
    )


def test_a_winner_is_named_with_its_ratio_and_interval() -> None:
    first = said(two(100, 300, 800))["Who answers first?"]
    assert first.startswith("a. ")
    assert "× lower than that of b" in first
    assert "95 % sure" in first


def test_like_backends_share_the_lead() -> None:
    made = two(200, 200, 800)
    assert lead(document(made), "ttft_sched").state == "shared"
    assert said(made)["Who answers first?"].startswith("a or b. None of them is proved slower")


def test_few_answers_are_too_early() -> None:
    first = said(two(100, 300, 8))["Who answers first?"]
    assert first.startswith("Too early to say. 8 of ")


def test_one_backend_has_nobody_to_beat() -> None:
    made = frame(backend("only", ttft_ms=latencies(100, 300), tpot_ms=latencies(10, 300)))
    assert said(made)["Who answers first?"].startswith("only. It alone has answers")


def test_without_answers_nothing_is_claimed() -> None:
    told = said(frame(backend("a"), backend("b")))
    assert told["Who answers first?"].startswith("Nothing measured")
    assert "Who is cheapest?" not in told


def test_the_mean_decides_where_p95_cannot_yet() -> None:
    made = two(100, 300, 60)
    how = lead(document(made), "ttft_sched")
    assert (how.state, how.leaders) == ("won", ("a",))
    assert how.claim
    assert how.claim.path.endswith(".paired")
    assert "On the same prompts its mean" in said(made)["Who answers first?"]


def test_the_cheapest_is_named_with_what_its_price_is() -> None:
    told = said(three())
    assert told["Who is cheapest?"].startswith("Groq. ≈$0.68 per million output tokens at this load (list price")
    assert told["Who makes most tokens?"].startswith("H200 ×4. 3,000 output tokens a second")
