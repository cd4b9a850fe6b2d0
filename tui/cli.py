"""What a person types: finds the command, imports only that one, and turns its end into an exit code."""

import argparse
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from keyword import iskeyword
from typing import Final, NoReturn, Protocol, cast

from .. import __version__
from .terminal_size import settle_size
from .usage import UsageError

COMMANDS: Final = (
    "run", "sweep", "decide", "demo", "web", "fleet", "replay", "attach", "sessions", "export", "diff", "import",
    "profiles", "hardware", "prices", "doctor",
)  # fmt: skip
"""Command words, each a module of `commands`; anything else is a target of `commands.compare`."""

_EXIT_CODES: Final = """\
exit codes:
  0 ok   1 failed run   2 usage   3 SLO or diff gate failed   4 budget reached
  130 interrupted (summary still printed)
"""


class Command(Protocol):
    """What a module in `commands` offers.

    Attributes:
        HELP: one line for the list of commands.
        EPILOG: examples that work as they stand.
    """

    HELP: str
    EPILOG: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare flags and positionals; must import nothing heavy."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it and return the exit code; raises UsageError for what was typed."""
        ...


class _Parser(argparse.ArgumentParser):
    """argparse that never guesses, names the nearest flag, and takes flags before, between and after targets."""

    def __init__(self, *, prog: str, command: Command, epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=command.HELP,
            epilog=command.EPILOG + epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(self)

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments in `words`; exits with code 2 when they are wrong.

        A command that sets a default for `command_line` gets what follows `--` there, as it stands.
        """
        command_line: Sequence[str] = ()
        if "--" in words and self.get_default("command_line") is not None:
            at = words.index("--")
            words, command_line = words[:at], words[at + 1 :]
        if self._subparsers:
            arguments, unknown = self.parse_known_args(words)
        else:
            arguments, unknown = self.parse_known_intermixed_args(words)
        if unknown:
            flag = unknown[0].split("=")[0]
            self.error(f"unknown argument {flag!r}{_did_you_mean(flag, self._option_string_actions)}")
        if command_line:
            arguments.command_line = command_line
        return arguments

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\ntry: {self.prog} --help\n")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line in `words` (`sys.argv` by default) and return the exit code."""
    try:
        code = _run(list(sys.argv[1:] if words is None else words))
        sys.stdout.flush()
    except UsageError as error:
        sys.stderr.write(f"infertop: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output is gone; leave nothing for the interpreter to flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        if os.environ.get("INFERTOP_DEBUG"):
            raise
        _report_internal(error)
        return 1
    return code


def _run(words: list[str]) -> int:
    if words and words[0] in COMMANDS:
        return _run_command(_load(words[0]), f"infertop {words[0]}", words[1:])
    if words and not words[0].startswith("-") and not any(sign in words[0] for sign in ":/."):
        _check_name(words[0])
    return _run_command(_load("compare"), "infertop", words)


def _check_name(word: str) -> None:
    """Raise UsageError unless `word` is a name that the user gave to a backend."""
    from .commands.targets import named_backends  # noqa: PLC0415  only after what is no command

    names = [plan.name for plan in named_backends()]
    if word.casefold() not in map(str.casefold, names):
        raise UsageError(
            f"{word!r} is neither a command nor a server{_did_you_mean(word, (*COMMANDS, *names))}\n"
            "try: infertop --help, or a target such as http://127.0.0.1:8000, groq:openai/gpt-oss-120b, sim:h200"
        )


def _load(name: str) -> Command:
    module = f"{name}_" if iskeyword(name) else name
    return cast("Command", importlib.import_module(f".commands.{module}", __package__))


def _run_command(command: Command, prog: str, words: list[str]) -> int:
    try:
        arguments = (_root_parser(command) if prog == "infertop" else _Parser(prog=prog, command=command)).read(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    settle_size()
    return command.run(arguments)


def _root_parser(compare: Command) -> _Parser:
    width = max(map(len, COMMANDS))
    listing = "".join(f"  {name:{width}}  {_load(name).HELP}\n" for name in COMMANDS)
    parser = _Parser(prog="infertop", command=compare, epilog=f"\ncommands:\n{listing}\n{_EXIT_CODES}")
    parser.add_argument("--version", action="version", version=f"infertop {__version__}")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=("bash", "zsh"),
        metavar="SHELL",
        help="print shell completion: bash or zsh",
    )
    return parser


class _PrintCompletion(argparse.Action):
    """Like `--version`: prints and exits."""

    def __call__(self, parser: argparse.ArgumentParser, *given: object) -> None:
        import shtab  # noqa: PLC0415  only when asked for

        _, shell, *_ = given
        parsers = parser.add_subparsers(parser_class=argparse.ArgumentParser)
        for name in COMMANDS:
            command = _load(name)
            command.add_arguments(parsers.add_parser(name, help=command.HELP))
        sys.stdout.write(shtab.complete(parser, shell=str(shell)))
        parser.exit()


def _did_you_mean(word: str, choices: Iterable[str]) -> str:
    from ..profiles.problems import did_you_mean  # noqa: PLC0415  only after a mistake

    return did_you_mean(word, choices)


def _report_internal(error: Exception) -> None:
    from ..backends.printable import printable  # noqa: PLC0415

    sys.stderr.write(
        f"infertop: internal error: {type(error).__name__}: {printable(str(error))}\n"
        "This is a defect in infertop; INFERTOP_DEBUG=1 shows where.\n"
    )
