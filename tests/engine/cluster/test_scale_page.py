"""docs/scale.md: what it says to apply to a cluster is YAML of the right shape, and its numbers agree."""

import re
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="comes with Ray")
PAGE = (Path(__file__).parents[3] / "docs" / "scale.md").read_text()


def block(kind):
    """The fenced block of that kind."""
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return found


def test_the_kuberay_example():
    cluster = yaml.safe_load(block("yaml"))
    assert (cluster["apiVersion"], cluster["kind"]) == ("ray.io/v1", "RayCluster")
    spec = cluster["spec"]
    assert f"rayproject/ray:{spec['rayVersion']}-py311" in block("dockerfile")
    (load,) = spec["workerGroupSpecs"]
    assert load["minReplicas"] <= load["replicas"] <= load["maxReplicas"]
    for group in (spec["headGroupSpec"], load):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())  # as KubeRay wants them
        (container,) = group["template"]["spec"]["containers"]
        assert set(container) <= {"name", "image", "resources", "env"}
        for variable in container.get("env", []):
            assert set(variable) in ({"name", "value"}, {"name", "valueFrom"})
            assert isinstance(variable.get("value", ""), str)
    cores = load["replicas"] * int(load["rayStartParams"]["num-cpus"])
    (asked,) = re.findall(r"--ray ray://127\.0\.0\.1:10001 --workers (\d+)", PAGE)
    assert int(asked) == cores
    assert f"service/{cluster['metadata']['name']}-head-svc" in PAGE
