"""Modules of other folders of tests: each is a package of its own, and none can import another."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

BACKENDS = Path(__file__).parents[1] / "backends"


def _loaded(name: str, folder: Path = BACKENDS) -> ModuleType:
    spec = spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_raw_server = _loaded("raw_server")
Peer, RawServer, Script = _raw_server.Peer, _raw_server.RawServer, _raw_server.Script
chunk, says, says_once = _raw_server.chunk, _raw_server.says, _raw_server.says_once
framed = _loaded("aws_frames").framed
_hosted = _loaded("hosted", BACKENDS.parent / "sessions")
all_gone, family, named = _hosted.all_gone, _hosted.family, _hosted.named
