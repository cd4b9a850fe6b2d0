"""A real llama.cpp server: recognised by its address alone, in two protocols, with its own view of its time."""

PROMPTS = 20

PROFILE = """
[[backends]]
name = "chat"
url = "{url}"

[[backends]]
name = "completions"
url = "{url}/v1"
api = "openai-completions"

[workload]
source = "chat"
max_tokens = 12
fixed_length = true

[arrivals]
kind = "closed"
concurrency = 2

[run]
requests = {prompts}
"""


def test_a_server_is_recognised_and_tells_its_own_timings(llamacpp, measured):
    code, document = measured(PROFILE.format(url=llamacpp[0], prompts=PROMPTS))
    assert code == 0
    for backend in document["backends"]:
        assert backend["requests"]["finished"] == PROMPTS
        assert backend["engine"] == "llama.cpp"
        assert backend["tokens"]["output"] == 12 * PROMPTS  # ignore_eos was asked for, and obeyed
        timings = backend["server_timings_ms"]
        assert set(timings) == {"prefill", "decode"}
        assert all(figures["n"] == PROMPTS for figures in timings.values())
        assert 0 < timings["decode"]["p50"] < backend["e2e_ms"]["p50"]


def test_a_length_that_could_not_be_fixed_is_said(llamacpp, infertop, tmp_path):
    profile = tmp_path / "p.toml"
    server = 'server = "lm-studio"'
    profile.write_text(PROFILE.format(url=llamacpp[0], prompts=4).replace("[[backends]]", f"[[backends]]\n{server}"))
    code, out, err = infertop("run", profile, "--headless")
    assert code == 0, err
    assert "A fixed length could not be asked of chat, completions" in out
