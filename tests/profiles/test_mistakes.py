"""Every typical mistake names file and key, says what was wrong, and what would be right; golden texts."""

from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.cluster.address import FORMS
from infertop.profiles.load import load, parse
from infertop.profiles.problems import ProfileError
from infertop.profiles.schema import ArrivalsEntry, BackendEntry, Profile, to_plan

GOOD = '[[backends]]\nname = "a"\nurl = "http://a:8000/v1"\n'


def problems(folder: Path, text: str | bytes) -> str:
    path = folder / "mine.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ProfileError) as error:
        load(path)
    return str(error.value).removeprefix(f"{folder}/")


KEY = (
    "this looks like the key itself. A profile only says where it is: "
    'write key = "env:NAME" and set that environment variable, or key = "file:PATH", or key = "keyring:SERVICE/NAME"'
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "backends: there are none; add a [[backends]] table with a name and a url (or sim)"),
        (GOOD + "prise = 3", 'backends[0].prise: unknown key; did you mean "price"?'),
        ("backend = []", 'backend: unknown key; did you mean "backends"?'),
        (
            GOOD + "[zoo]",
            "zoo: unknown key; there are title, description, backends, workload, arrivals, slo, run",
        ),
        (
            GOOD + '[arrivals]\nkind = "poison"',
            (
                'arrivals.kind: "poison" is not one of "closed", "constant", "poisson", "gamma", "ramp"; '
                'did you mean "poisson"?'
            ),
        ),
        (
            GOOD + "[workload]\nprefix = 3",
            'workload.prefix: a whole number is not one of "unique", "shared"',
        ),
        (GOOD + '[run]\nrequests = "200"', "run.requests: must be a whole number, not text in quotes"),
        (GOOD + "[run]\nrequests = 2026-01-01", "run.requests: must be a whole number, not a date or time"),
        (GOOD + "[run]\nduration = true", "run.duration: must be text in quotes or a number, not true or false"),
        (
            GOOD + '[run]\nduration = "5 minutes"',
            'run.duration: is not a duration; write "90s", "5m", "1h30m", "500ms" or a number of seconds',
        ),
        (GOOD + "[run]\nbudget_usd = -2", "run.budget_usd: must be above 0"),
        (GOOD + "[run]\nbudget_usd = inf", "run.budget_usd: must be above 0"),
        (GOOD + "[run]\nwarmup = -2", "run.warmup: must not be negative"),
        (GOOD + "[run]\nworkers = 0", "run.workers: must be 1 or more"),
        (
            GOOD + '[run]\nray = "http://head:8265"',
            f'run.ray: "http://head:8265" names no Ray cluster; write {FORMS}',
        ),
        (
            GOOD + "[run]\nworkers = 9",
            "run.workers: 9 workers cannot share a concurrency of 8: each needs a prompt in flight",
        ),
        (GOOD + f"[run]\nseed = {2**63}", "run.seed: is too large"),
        (GOOD + "[run]\nrequests = 0", "run.requests: must be 1 or more"),
        (
            GOOD + "[arrivals]\nrate_per_s = 3.0",
            (
                "arrivals.rate_per_s: a closed loop has no rate: it sends when an answer ends. "
                'Write kind = "poisson" (or "constant"), or concurrency instead'
            ),
        ),
        (
            GOOD + '[arrivals]\nkind = "poisson"',
            'arrivals.rate_per_s: is missing: kind = "poisson" needs requests per second',
        ),
        (
            GOOD + '[arrivals]\nkind = "poisson"\nrate_per_s = 3\nconcurrency = 8',
            'arrivals.concurrency: only kind = "closed" has it; "poisson" has rate_per_s',
        ),
        (GOOD + '[arrivals]\nkind = "poisson"\nrate_per_s = 3\ncv = 2', 'arrivals.cv: only kind = "gamma" has it'),
        (
            GOOD + '[arrivals]\nkind = "ramp"\nrate_per_s = 3',
            "arrivals.ramp_to_per_s: is missing: the rate at the end of the ramp",
        ),
        (
            GOOD + '[workload]\nsource = "chta"',
            (
                "workload.source: no such workload, nor a file of prompts "
                '(.jsonl, .ndjson, .json, .csv, .tsv, .txt); did you mean "chat"?'
            ),
        ),
        (
            GOOD + '[workload]\nprefix = "share"',
            ('workload.prefix: "share" is not one of "unique", "shared"; did you mean "shared"?'),
        ),
        (GOOD + "[slo]\nattainment = 0.99", "slo.attainment: needs a limit to attain: ttft_ms, tpot_ms or e2e_ms"),
        (
            GOOD + "[slo]\nttft_ms = 500\nattainment = 99",
            "slo.attainment: is a share of the requests: above 0, at most 1 (0.99)",
        ),
        ('[[backends]]\nurl = "http://a"', "backends[0].name: is missing"),
        ('[backends]\nname = "a"', "backends: must be a list, not a table; write [[backends]] above each table"),
        (
            '[[backends]]\nname = "a"',
            'backends[0]: has neither url nor sim; write url = "http://host:8000/v1" or sim = "h200"',
        ),
        (
            '[[backends]]\nname = "a"\nsim = "h300"',
            "backends[0].sim: no such simulated stack: 'h300'; did you mean \"h200\"?",
        ),
        (
            '[[backends]]\nname = "a"\nurl = "sim:h200"',
            'backends[0].url: for the simulated fleet write sim = "h200"',
        ),
        (
            '[[backends]]\nname = "a"\nurl = "gpu1:8000"',
            ("backends[0].url: must begin with http:// or https:// and name a host"),
        ),
        (
            '[[backends]]\nname = "a"\nurl = "http://a:x"',
            ("backends[0].url: must begin with http:// or https:// and name a host"),
        ),
        (GOOD + GOOD, 'backends[1].name: "a" is the name of backends[0] too'),
        (
            GOOD + "price = { usd_per_chip_hour = 3 }",
            'backends[0].price.basis: is missing; it is one of "api", "rented", "owned", "book"',
        ),
        (
            GOOD + 'price = { basis = "rent", usd_per_chip_hour = 3 }',
            'backends[0].price.basis: "rent" is not one of "api", "rented", "owned", "book"; did you mean "rented"?',
        ),
        (
            GOOD + 'price = { basis = "rented", usd_per_hour = 3, usd_per_chip_hour = 3 }',
            'backends[0].price.usd_per_hour: unknown key; did you mean "usd_per_chip_hour"?',
        ),
        (GOOD + 'price = { basis = "rented" }', "backends[0].price.usd_per_chip_hour: is missing"),
        (
            GOOD + 'price = { basis = "rented", usd_per_chip_hour = -3 }',
            "backends[0].price.usd_per_chip_hour: must not be negative",
        ),
        (
            GOOD + 'price = { basis = "owned", capex_usd = 3, availability = 97 }',
            "backends[0].price.availability: is a share: above 0, at most 1",
        ),
        (GOOD + "price = 3.5", "backends[0].price: must be a table, not a number with a fraction"),
        ("title = ", "not TOML: Invalid value (at end of document)"),
        ('title = "a"\nrun = @', "not TOML: Invalid value (at line 2, column 7)"),
        (b"\xff", "is not UTF-8 text"),
        ("#" * (2**20 + 1), "is larger than 1 MiB; is it a profile?"),
    ],
)
def test_a_mistake(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert problems(tmp_path, text) == f"mine.toml: {said}"


@pytest.mark.parametrize(
    "line",
    [
        'key = "gsk_abcdefghijklmnopqrstuvwx"',
        'key = "sk-proj-abcdefghijklmnop"',
        'key = "env:sk-proj-abcdefghijklmnop"',
        'key = "0123456789abcdef"',
        'key = "keyring:groq"',
    ],
)
def test_a_key_itself_is_refused_and_never_repeated(tmp_path: Path, line: str) -> None:
    assert problems(tmp_path, GOOD + line) == f"mine.toml: backends[0].key: {KEY}"


@pytest.mark.parametrize(
    "line",
    [
        'url = "http://user:abcdefsecret@a/v1"',
        'url = "http://a/v1?api_key=abcdefsecret"',
        'url = "http://a:8000/v1"\napi_key = "abcdefsecret"',
        'url = "http://a:8000/v1"\nkey = ["abcdefsecret"]',
        'url = "http://a:8000/v1"\nextra = { authorization = "abcdefsecret" }',
        'url = "http://a:8000/v1"\nextra = { user = "sk-abcdefsecret" }',
        'url = "http://a:8000/v1"\nextra = { user = ["abcdefsecret"] }',
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_never_repeated(tmp_path: Path, line: str) -> None:
    assert "abcdefsecret" not in problems(tmp_path, f'[[backends]]\nname = "a"\n{line}\n')


def test_references_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for key in ("env:GROQ_API_KEY", "file:~/.keys/groq", "file:/home/sk-abcdefgh/key", "keyring:infertop/groq"):
        path.write_text(f'{GOOD}key = "{key}"')
        assert load(path).backends[0].key == key


def test_every_problem_is_found_at_once(tmp_path: Path) -> None:
    text = (
        GOOD + 'prise = 3\nmodel = 7\n[[backends]]\nurl = "http://b"\n'
        '[arrivals]\nkind = "poison"\n[run]\nseeed = 1\nrequests = 1.5'
    )
    assert problems(tmp_path, text) == (
        "mine.toml: 6 problems\n"
        '  backends[0].prise: unknown key; did you mean "price"?\n'
        "  backends[0].model: must be text in quotes, not a whole number\n"
        "  backends[1].name: is missing\n"
        '  arrivals.kind: "poison" is not one of "closed", "constant", "poisson", "gamma", "ramp"; '
        'did you mean "poisson"?\n'
        '  run.seeed: unknown key; did you mean "seed"?\n'
        "  run.requests: must be a whole number, not a number with a fraction"
    )
    sense = GOOD + GOOD + "[arrivals]\nrate_per_s = -1\n[run]\nduration = 0\nrequests = 0"
    assert len(problems(tmp_path, sense).splitlines()) == 1 + 5


def test_hostile_text_does_not_reach_the_terminal(tmp_path: Path) -> None:
    text = GOOD + '"\\u001b[31mevil" = 1\n[arrivals]\nkind = "\\u001b]0;evil"'
    said = problems(tmp_path, text)
    assert "evil" in said
    assert said.replace("\n", "").isprintable()


def test_prompts_are_looked_for_beside_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    text = GOOD + '[workload]\nsource = "prompts.txt"'
    assert problems(tmp_path, text) == f"mine.toml: workload.source: no such file: {tmp_path}/prompts.txt"
    (tmp_path / "prompts.txt").write_text("Hello")
    assert load(tmp_path / "mine.toml").workload.source == str(tmp_path / "prompts.txt")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"gone\.toml: No such file or directory"):
        load(tmp_path / "gone.toml")


KEYS = st.sampled_from(
    [*Profile.__struct_fields__, *BackendEntry.__struct_fields__, *ArrivalsEntry.__struct_fields__, "basis", "x"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["api", "h200"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_whatever_a_file_says_it_is_a_profile_or_a_profile_error(document: dict[str, object]) -> None:
    text = tomli_w.dumps(without_none(document))
    said = ""
    try:
        to_plan(parse(text, "mine.toml", Path("/nowhere")), "mine")
    except ProfileError as error:
        said = str(error)
    assert said.replace("\n", "").isprintable()


@given(st.text(max_size=30))
def test_whatever_text_it_is_a_profile_or_a_profile_error(text: str) -> None:
    with pytest.raises(ProfileError):
        parse(text, "mine.toml", Path("/nowhere"))


def without_none(value: object) -> object:
    """`value` with every None, which TOML lacks, as a word."""
    if isinstance(value, dict):
        return {key: without_none(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_none(inner) for inner in value]
    return "none" if value is None else value
