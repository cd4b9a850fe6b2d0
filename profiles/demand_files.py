"""Demands as TOML files: read, checked, found by name, written."""

from pathlib import Path
from typing import Any, Final, get_args, get_origin

import msgspec
import platformdirs
import tomli_w

from ..engine.plan import WorkloadPlan
from ..engine.sweep.estimate import Estimate
from .demand import Demand, DemandClass
from .demand_checks import demand_problems
from .load import read, toml_document
from .named_files import find_file, named_files
from .problems import Problem, ProfileError
from .schema import with_prompts_from
from .shape import shape_problems

_BUILTIN_FOLDER: Final = Path(__file__).parent / "demands"
_FORM: Final = "must be a number, or { value = 5, low = 4, high = 7 }"


def user_folder() -> Path:
    """Where the user's demands are; it may not exist yet."""
    return platformdirs.user_config_path("infertop") / "demands"


def find(name: str) -> Path:
    """The file of the demand called `name`, or `name` itself if it is a path; raises ProfileError."""
    return find_file(name, user_folder(), _BUILTIN_FOLDER, what="demand")


def names() -> dict[str, Path]:
    """Every demand that has a name, the user's first."""
    return named_files(user_folder(), _BUILTIN_FOLDER)


def load(path: Path) -> Demand:
    """The demand in the file at `path`; a file of prompts is looked for beside it.

    Raises:
        ProfileError: it cannot be read, is not TOML, or makes no sense; every problem is named.
    """
    return parse(read(path), str(path), path.parent)


def parse(text: str, origin: str, folder: Path) -> Demand:
    """The demand in `text`, as `load`; `origin` names it in errors, prompt files are relative to `folder`."""
    problems: list[Problem] = []
    document = _spelled_out(Demand, toml_document(text, origin), "", problems)
    problems += shape_problems(Demand, document)
    if problems:
        raise ProfileError(origin, problems)
    demand = msgspec.convert(document, Demand)
    demand = msgspec.structs.replace(demand, classes=tuple(_beside(folder, each) for each in demand.classes))
    check(demand, origin)
    return demand


def check(demand: Demand, origin: str) -> None:
    """Raise ProfileError when `demand` makes no sense."""
    problems = list(demand_problems(demand))
    if problems:
        raise ProfileError(origin, problems)


def dump(demand: Demand) -> str:
    """`demand` as TOML; figures that are certain are plain numbers."""
    return tomli_w.dumps(_shortened(msgspec.to_builtins(demand)))


def _beside(folder: Path, of: DemandClass) -> DemandClass:
    """`of` with its file of prompts, if it has one, as an absolute path."""
    source = with_prompts_from(folder, WorkloadPlan(source=of.workload)).source
    return msgspec.structs.replace(of, workload=source)


def _spelled_out(kind: Any, value: Any, where: str, problems: list[Problem]) -> Any:
    """`value` with every number that stands for an Estimate written as one; what cannot be is a problem."""
    if kind is Estimate:
        return _estimate(value, where, problems)
    if get_origin(kind) is tuple and isinstance(value, list):
        inner = get_args(kind)[0]
        return [_spelled_out(inner, item, f"{where}[{at}]", problems) for at, item in enumerate(value)]
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: _spelled_out(get_args(kind)[1], item, f"{where}.{key}", problems) for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        kinds = {field.name: field.type for field in msgspec.structs.fields(kind)}
        return {
            key: _spelled_out(kinds[key], item, f"{where}.{key}" if where else key, problems)
            if key in kinds
            else item
            for key, item in value.items()
        }
    return value


def _estimate(value: Any, where: str, problems: list[Problem]) -> Any:
    """An Estimate's table; ends left out are the value's."""
    if isinstance(value, bool) or not isinstance(value, int | float | dict):
        problems.append(Problem(where, _FORM))
        return _ANYTHING
    table = value if isinstance(value, dict) else {"value": value}
    numbers = {key: number for key, number in table.items() if isinstance(number, int | float)}
    if "value" not in numbers or numbers.keys() != table.keys() or not table.keys() <= {"value", "low", "high"}:
        problems.append(Problem(where, _FORM))
        return _ANYTHING
    whole = {"low": numbers["value"], "high": numbers["value"], **numbers}
    if not whole["low"] <= whole["value"] <= whole["high"]:
        problems.append(Problem(where, "its value must lie between low and high"))
        return _ANYTHING
    return whole


_ANYTHING: Final = {"value": 1, "low": 1, "high": 1}
"""Stands for a figure that was complained of, so that nobody complains of it again."""


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"value", "low", "high"}:
            return value["value"] if value["low"] == value["value"] == value["high"] else value
        return {key: _shortened(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_shortened(inner) for inner in value]
    return value
