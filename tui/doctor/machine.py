"""What infertop runs on."""

import os
import platform
import resource
from importlib.metadata import PackageNotFoundError, version

from .report import Machine


def look() -> Machine:
    """This machine and this process's limits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Machine(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        uvloop=_version("uvloop"),
        cores=_cores(),
        open_files=_or_none(soft),
        open_files_hard=_or_none(hard),
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _or_none(limit: int) -> int:
    return -1 if limit == resource.RLIM_INFINITY else limit


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
