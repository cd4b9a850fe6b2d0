"""Google's application-default credentials: a real key file, a loopback token endpoint, never shown."""

import json
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infertop.backends.credentials import CredentialError
from infertop.backends.google_credentials import GoogleToken

from .token_server import token_server

TOKEN = "canary-google-bearer"


@pytest.fixture(scope="module")
def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def endpoint(tmp_path, monkeypatch, private_key):
    """A token endpoint, and a service account's key file that names it."""
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    with token_server() as server:
        server.document = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        account = {
            "type": "service_account",
            "project_id": "canary-project",
            "private_key_id": "1",
            "private_key": private_key,
            "client_email": "someone@canary-project.iam.gserviceaccount.com",
            "token_uri": server.url,
        }
        (tmp_path / "account.json").write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
        yield server


async def test_a_token_is_had_once_and_kept(endpoint):
    google = GoogleToken()
    assert google.project == ""
    assert (await google.bearer()).reveal() == TOKEN
    assert (await google.bearer()).reveal() == TOKEN
    assert endpoint.asked == 1
    assert google.project == "canary-project"


async def test_a_token_is_renewed_before_it_ends(endpoint):
    google = GoogleToken()
    endpoint.document["expires_in"] = 30  # google-auth counts the last minutes as over
    await google.bearer()
    await google.bearer()
    assert endpoint.asked == 2


async def test_the_environment_names_the_project(endpoint, monkeypatch):
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "mine")
    google = GoogleToken()
    await google.bearer()
    assert google.project == "mine"


async def test_a_refusal_is_not_quoted(endpoint):
    endpoint.status, endpoint.document = 400, {"error": "invalid_grant", "error_description": f"bad {TOKEN}"}
    with pytest.raises(CredentialError, match="RefreshError") as caught:
        await GoogleToken().bearer()
    assert TOKEN not in str(caught.value)


async def test_no_credentials_says_what_would_give_some(tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(CredentialError, match="gcloud auth application-default login"):
        await GoogleToken().bearer()


async def test_without_google_auth_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(CredentialError, match=r"pip install 'infertop\[google\]'"):
        await GoogleToken().bearer()
