"""Power of this machine and of Prometheus servers: what is read, and what is said where nothing can be.

No GPU is at hand here: the NVIDIA library is stood in for by one with its documented functions and units.
"""

import json
import sys
from types import SimpleNamespace

import pytest

from infertop.backends.observe.energy import Integrator
from infertop.backends.observe.neuron import Neuron
from infertop.backends.observe.nvml import Nvml
from infertop.backends.observe.plan import PowerPlan, Target
from infertop.backends.observe.power import open_source
from infertop.backends.observe.rapl import Rapl
from infertop.backends.observe.readings import SourceError

from ..raw_server import says


class NvmlError(Exception):
    pass


class NotSupportedError(NvmlError):
    pass


def library(*gpus):
    """A `pynvml` of GPUs given as (milliwatts, millijoules); None is not supported."""

    def ask(at):
        def function(gpu):
            if gpus[gpu][at] is None:
                raise NotSupportedError("Not Supported")
            return gpus[gpu][at]

        return function

    return SimpleNamespace(
        NVMLError=NvmlError,
        NVMLError_NotSupported=NotSupportedError,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlDeviceGetCount=lambda: len(gpus),
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda gpu: "NVIDIA H100 80GB HBM3",
        nvmlDeviceGetPowerUsage=ask(0),
        nvmlDeviceGetTotalEnergyConsumption=ask(1),
    )


async def test_nvml_adds_gpus_and_counts_millijoules():
    source = Nvml((), library((412_500, 9_000_000), (100_250, 4_000_000)))
    sample = await source.sample()
    assert sample.watts == pytest.approx(512.75)
    assert sample.counters == {"0": 9000, "1": 4000}
    assert source.detail == "2 × NVIDIA H100 80GB HBM3"
    assert (await Nvml((1,), library((412_500, 9_000_000), (100_250, 4_000_000))).sample()).watts == 100.25
    await source.aclose()


async def test_a_gpu_without_a_counter_leaves_energy_to_power():
    sample = await Nvml((), library((100_000, 5), (200_000, None))).sample()
    assert (sample.watts, sample.counters) == (300, {})
    sample = await Nvml((), library((None, 5000), (200_000, 7000))).sample()
    assert (sample.watts, sample.counters) == (None, {"0": 5, "1": 7})
    with pytest.raises(SourceError, match="neither power nor energy"):
        await Nvml((), library((None, None))).sample()


def test_a_gpu_that_is_not_there_is_named():
    with pytest.raises(SourceError, match="no GPU 3 here: there are 2"):
        Nvml((0, 3), library((1, 1), (1, 1)))
    with pytest.raises(SourceError, match="has no NVIDIA GPU"):
        Nvml((), library())


def test_without_a_driver_that_is_what_is_said():
    """The real library, on a machine without a GPU; skipped where there is one."""
    pynvml = pytest.importorskip("pynvml")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        with pytest.raises(SourceError, match="no working NVIDIA driver"):
            open_source(Target(name="a", url="http://h:8000/v1", power=PowerPlan(source="nvml")))
    else:
        pytest.skip("there is a driver")


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(SourceError, match=r"pip install 'infertop\[nvidia\]'"):
        Nvml(())


@pytest.fixture
def powercap(tmp_path):
    def zone(name, label, microjoules, wrap=262_143_328_850):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "name").write_text(f"{label}\n")
        (folder / "max_energy_range_uj").write_text(f"{wrap}\n")
        (folder / "energy_uj").write_text(f"{microjoules}\n")
        return folder

    zone("intel-rapl:0", "package-0", 10_000_000)
    zone("intel-rapl:0:0", "core", 9_000_000)
    zone("intel-rapl:0:1", "dram", 2_000_000)
    zone("intel-rapl:1", "psys", 99_000_000)
    return tmp_path


async def test_rapl_adds_packages_and_memory_and_nothing_twice(powercap):
    source = Rapl(powercap)
    sample = await source.sample()
    assert sample.counters == {"intel-rapl:0": 10, "intel-rapl:0:1": 2}
    assert sample.watts is None
    assert (source.host_level, source.measured, source.detail) == (True, True, "package-0, dram")
    energy = Integrator()
    energy.take(sample)
    (powercap / "intel-rapl:0" / "energy_uj").write_text("1000000\n")  # wrapped
    energy.take(await source.sample())
    assert energy.joules == pytest.approx(262_143.32885 + 1 - 10)


async def test_rapl_that_only_root_may_read_says_how_to_open_it(powercap, monkeypatch):
    source = Rapl(powercap)
    file = powercap / "intel-rapl:0" / "energy_uj"
    file.chmod(0)
    if file.stat().st_uid == 0:  # root reads everything; the kernel's answer to others
        monkeypatch.setattr(type(file), "read_text", lambda *_: (_ for _ in ()).throw(PermissionError()))
    with pytest.raises(SourceError, match=r"for root only.*sudo chmod a\+r"):
        await source.sample()


def test_without_rapl_that_is_what_is_said(tmp_path):
    with pytest.raises(SourceError, match="no RAPL counters"):
        Rapl(tmp_path)


@pytest.fixture
def neurons(tmp_path):
    """Two chips, as the driver's source writes them: status, epoch, least, greatest and mean percentage."""
    for chip, line in enumerate(("POWER_STATUS_VALID,1781370720,0.86,25.00,18.86", "POWER_STATUS_VALID,1,0,9,1.14")):
        folder = tmp_path / f"neuron{chip}" / "stats" / "power"
        folder.mkdir(parents=True)
        (folder / "utilization").write_text(f"{line}\n")
    return tmp_path


async def test_neuron_is_a_share_of_what_somebody_states_and_so_a_model(neurons):
    source = Neuron((), 175.0, neurons)
    assert (await source.sample()).watts == pytest.approx(0.20 * 175)
    assert (await Neuron((0,), 175.0, neurons).sample()).watts == pytest.approx(0.1886 * 175)
    assert not source.measured


async def test_neuron_without_data_says_so(neurons):
    file = neurons / "neuron1" / "stats" / "power" / "utilization"
    file.write_text("POWER_STATUS_NO_DATA,0,0.00,0.00,0.00\n")
    with pytest.raises(SourceError, match="POWER_STATUS_NO_DATA"):
        await Neuron((), 175.0, neurons).sample()
    file.write_text("nonsense\n")
    with pytest.raises(SourceError, match="cannot be read"):
        await Neuron((), 175.0, neurons).sample()
    with pytest.raises(SourceError, match="neuron7"):
        Neuron((7,), 175.0, neurons)
    with pytest.raises(SourceError, match="no Neuron chip"):
        Neuron((), 175.0, neurons / "elsewhere")


def json_response(document):
    body = json.dumps(document).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def vector(*values):
    series = [{"metric": {"gpu": str(at)}, "value": [1_700_000_000.5, value]} for at, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": series}}


SCALAR = {"status": "success", "data": {"resultType": "scalar", "result": [1_700_000_000.5, "250"]}}


@pytest.mark.parametrize(
    ("document", "unit", "watts", "counters"),
    [
        (vector("300.5", "299.5"), "watts", 600, {}),
        (SCALAR, "watts", 250, {}),
        (vector("1000", "2000"), "joules", None, {"{'gpu': '0'}": 1000, "{'gpu': '1'}": 2000}),
    ],
)
async def test_any_query_is_power_or_a_counter(serve, document, unit, watts, counters):
    async with serve(says(json_response(document))) as server:
        plan = PowerPlan(source="prometheus", url=f"{server.url}/prom/", query="sum(a{b='c d'})", unit=unit)
        source = open_source(Target(name="a", url="http://h:8000/v1", power=plan))
        sample = await source.sample()
        assert (sample.watts, sample.counters) == (watts, counters)
        assert "GET /prom/api/v1/query?query=sum" in server.requests[0][0]
        await source.aclose()


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (vector(), "no result now"),
        (vector("NaN"), "no result now"),
        ({"data": {"result": [{"metric": {}, "values": []}]}}, "not a Prometheus server"),
        (["surprise"], "not a Prometheus server"),
    ],
)
async def test_a_query_without_an_answer_says_so(serve, document, text):
    async with serve(says(json_response(document))) as server:
        plan = PowerPlan(source="prometheus", url=server.url, query="up")
        source = open_source(Target(name="a", url="http://h:8000/v1", power=plan))
        with pytest.raises(SourceError, match=text):
            await source.sample()
        await source.aclose()


async def test_an_exporter_is_looked_for_beside_the_backend(serve, page):
    body = page("dcgm")
    response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    async with serve(says(response)) as server:
        plan = PowerPlan(source="dcgm", url=f"{server.url}/metrics", gpus=(0,))
        source = open_source(Target(name="a", url="http://h:8000/v1", power=plan))
        assert (await source.sample()).watts == 412.5
        missing = open_source(
            Target(
                name="a",
                url="http://h:8000/v1",
                power=PowerPlan(source="dcgm", url=f"{server.url}/metrics", gpus=(9,)),
            )
        )
        with pytest.raises(SourceError, match=r"tells no power of GPU 9 \(DCGM_FI_DEV_POWER_USAGE\)"):
            await missing.sample()
        await source.aclose()
        await missing.aclose()


async def test_a_key_that_cannot_be_had_is_named():
    plan = PowerPlan(source="prometheus", url="http://h:9090", query="up", key="env:NO_SUCH_VARIABLE_HERE")
    with pytest.raises(SourceError, match="NO_SUCH_VARIABLE_HERE"):
        open_source(Target(name="a", url="http://h:8000/v1", power=plan))
