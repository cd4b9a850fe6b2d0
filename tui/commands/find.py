"""What to compare when nothing was named: the local servers that answer. Says on stderr what it found."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

from ...backends.discovery import LocalServer, local_servers
from ...backends.printable import printable
from ...backends.providers import keys_set
from ...engine.plan import BackendPlan, RunPlan


def found_plan() -> RunPlan | None:
    """A plan that compares the local servers that answer; None when there are none.

    Keys of providers that charge are mentioned and never used unasked.
    """
    servers = asyncio.run(local_servers())
    for line in (*found_lines(servers), *key_lines(os.environ)):
        sys.stderr.write(f"infertop: {line}\n")
    return local_plan(servers) if servers else None


def local_plan(servers: Sequence[LocalServer]) -> RunPlan:
    """Each server with its first model."""
    backends = tuple(
        BackendPlan(
            name=server.url.removeprefix("http://").removesuffix("/v1"), url=server.url, model=server.models[0]
        )
        for server in servers
    )
    return RunPlan(title="local servers", backends=backends)


def found_lines(servers: Sequence[LocalServer]) -> list[str]:
    """What was found, in words."""
    if not servers:
        return ["no local server answered; comparing the simulated fleet (SIM)"]
    return [
        f"found {server.url} ({server.usual}'s usual port), model {printable(server.models[0], 80)}"
        for server in servers
    ]


def key_lines(environment: Mapping[str, str]) -> list[str]:
    """How to use the provider keys that are set; never their values."""
    return [
        f"{variable} is set: infertop {provider.id}:{provider.example_model}"
        for provider, variable in keys_set(environment)
    ]
