"""`python -m tests.fuzz.guided TARGET [OPTION OF LIBFUZZER …]`: one target until it breaks or time is up.

Nothing of infertop may be loaded before atheris watches imports, hence a process of its own for each target.
"""

import asyncio
import sys

import atheris

with atheris.instrument_imports(include=["infertop"]):
    from .targets import TARGETS


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    target = TARGETS[sys.argv[1]]
    loop = asyncio.new_event_loop()

    async def once(data: bytes) -> None:
        target(data)

    def one(data: bytes) -> None:
        loop.run_until_complete(once(data))

    atheris.Setup([sys.argv[0], *sys.argv[2:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
