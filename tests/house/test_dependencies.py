"""What comes along with infertop was looked at: all of it is on a list, under licences that allow its use."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REVIEWED = {
    canonicalize_name(name): licence
    for part in tomllib.loads((Path(__file__).parent / "reviewed.toml").read_text(encoding="utf-8")).values()
    for name, licence in part.items()
}
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "MIT", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
STRICT = re.compile(r"GPL|GNU|SSPL|BUSL|Commons Clause|[Pp]roprietary|[Cc]ommercial|Non-?[Cc]ommercial")
EXTRAS = [name for name in PROJECT["optional-dependencies"] if name not in {"test", "dev"}]
ASKED = [Requirement(each) for each in PROJECT["dependencies"]]
EXTRA = [Requirement(each) for name in EXTRAS for each in PROJECT["optional-dependencies"][name]]


def installed() -> dict[str, metadata.Distribution]:
    """Every distribution that infertop, its extras included, brings along and that is here."""
    found: dict[str, metadata.Distribution] = {}
    wanted = [*ASKED, *EXTRA]
    seen = set()
    while wanted:
        requirement = wanted.pop()
        key = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            here = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:  # an extra that is not installed, or of another platform
            continue
        found[key[0]] = here
        for each in map(Requirement, here.requires or ()):
            extras = ("", *requirement.extras)
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(each)
    return found


def stated(here: metadata.Distribution) -> str:
    """What a distribution says of its licence, in short."""
    told = here.metadata
    words = [told.get("License-Expression") or "", (told.get("License") or "").partition("\n")[0]]
    return "; ".join([*words, *(each for each in told.get_all("Classifier") or () if each.startswith("License"))])


def test_everything_that_comes_along_was_reviewed() -> None:
    here = installed()
    missing = {name: stated(found) for name, found in here.items() if name not in REVIEWED}
    assert not missing, "look at these, then list them in tests/house/reviewed.toml"
    assert {canonicalize_name(each.name) for each in ASKED if each.marker is None} <= set(here)


def test_every_licence_is_permissive() -> None:
    for name, licence in REVIEWED.items():
        assert set(re.split(r" AND | OR ", licence)) <= PERMISSIVE, name


def test_no_distribution_says_otherwise_by_now() -> None:
    strict = {name: stated(found) for name, found in installed().items() if STRICT.search(stated(found))}
    assert not strict


@pytest.mark.parametrize("requirement", [*ASKED, *EXTRA], ids=str)
def test_the_oldest_version_that_will_do_is_stated(requirement: Requirement) -> None:
    assert any(each.operator in {">=", "=="} for each in requirement.specifier)
