"""Naming a cluster: what is an address, where to knock, and that naming one needs no Ray."""

import subprocess
import sys

import pytest

from infertop.engine.cluster.address import door, is_address


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("10.0.0.7:6379", ("10.0.0.7", 6379)),
        ("ray://head.example.net:10001", ("head.example.net", 10001)),
        ("ray://[fd00::7]:10001", ("fd00::7", 10001)),
        ("auto", None),
    ],
)
def test_an_address_says_where_to_knock(text, where):
    assert is_address(text)
    assert door(text) == where


@pytest.mark.parametrize(
    "text",
    ["", "local", "head", "head:", ":6379", "head:0", "head:65536", "http://head:8265", "a b:1"],
)
def test_what_is_no_address(text):
    assert not is_address(text)
    assert door(text) is None


def test_nothing_of_ray_is_loaded_until_a_cluster_is_joined():
    program = (
        "import sys\n"
        "import infertop.engine.crew, infertop.engine.cluster.joining, infertop.tui.commands.run\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] in {'ray', 'grpc'}]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
