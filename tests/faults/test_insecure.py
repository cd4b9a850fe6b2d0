"""`--insecure`: certificates are checked unless a person says otherwise, and then everything says so."""

import asyncio
import json
import os
import sys

import pytest

from infertop.sessions.journal.reader import open_recording

from .certificates import server_side
from .scripts import WELL

PROFILE = """
title = "mine"
[[backends]]
name = "far"
url = "{url}"
model = "m"
api = "openai-chat"
server = "llama.cpp"
metrics_url = "off"
[workload]
max_tokens = 8
[run]
requests = 2
"""


async def run(tmp_path, *flags, **environment):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infertop", "run", *flags, "--json"),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"HOME": str(tmp_path)} | environment,
    )  # fmt: skip
    printed, warned = await asyncio.wait_for(process.communicate(), 60)
    return json.loads(printed), warned.decode()


@pytest.mark.slow
async def test_any_certificate_is_taken_only_where_a_person_says_so(serve, certificates, tmp_path):
    journal = tmp_path / "run.itop"
    async with serve(WELL, tls=server_side(certificates["self-signed"])) as server:
        mine = tmp_path / "mine.toml"
        mine.write_text(PROFILE.format(url=server.url))
        checked, quiet = await run(tmp_path, str(mine), "--no-record")
        taken, loud = await run(tmp_path, str(mine), "--insecure", "--record", str(journal))
        told, also_loud = await run(tmp_path, str(mine), "--no-record", INFERTOP_INSECURE="1")
    requests = checked["backends"][0]["requests"]
    assert (requests["finished"], set(requests["errors"])) == (0, {"tls"}), requests
    assert "INSECURE" not in quiet + checked["run"]["title"]
    for document, warned in ((taken, loud), (told, also_loud)):
        assert document["backends"][0]["requests"]["finished"] == 2
        assert "INSECURE: the certificate of far is not checked" in warned
        assert document["run"]["title"] == "mine · INSECURE: certificates not checked"
    with open_recording(journal) as recording:
        assert "INSECURE" in recording.facts.title
