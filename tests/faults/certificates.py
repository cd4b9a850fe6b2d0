"""Certificates for servers that should not be trusted."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

_CONFIG = """
[ca]
default_ca = own
[own]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = {names}
"""


def make_certificate(folder: Path, *, names: str, days: tuple[str, str] = ("20200101", "20990101")) -> Path:
    """A file with a key and a certificate that signs itself, for `names`, valid from and until `days`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl program to make a certificate")
    folder.mkdir()
    (folder / "index").touch()
    (folder / "serial").write_text("01")
    (folder / "config").write_text(_CONFIG.format(folder=folder, names=names))
    ask = f"{openssl} req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={folder.name}"
    sign = f"{openssl} ca -batch -notext -selfsign -startdate {days[0]}000000Z -enddate {days[1]}000000Z"
    for command in (
        f"{ask} -keyout key -out asked",
        f"{sign} -config config -keyfile key -in asked -out certificate",
    ):
        subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)
    both = folder / "both.pem"
    both.write_text((folder / "key").read_text() + (folder / "certificate").read_text())
    return both


def server_side(certificate: Path) -> ssl.SSLContext:
    """What a server shows `certificate` with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
