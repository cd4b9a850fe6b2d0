"""Keys are found by reference and shown by nothing."""

import pickle
import sys
import traceback

import keyring
import pytest
from keyring.backend import KeyringBackend

from infertop.backends.credentials import CredentialError, Secret, proxy_secrets, resolve

KEY = "sk-very-secret-0123456789"


def test_no_reference_is_no_key():
    assert resolve("") is None


def test_environment(monkeypatch):
    monkeypatch.setenv("SOME_KEY", KEY)
    assert resolve("env:SOME_KEY").reveal() == KEY


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_file(tmp_path, end):
    (tmp_path / "key").write_text(KEY + end, newline="")
    assert resolve(f"file:{tmp_path / 'key'}").reveal() == KEY


def test_file_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text(KEY)
    assert resolve("file:~/key").reveal() == KEY


class Stub(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self, held):
        super().__init__()
        self.held = held

    def get_password(self, service, username):
        if self.held is None:
            raise keyring.errors.KeyringLocked(f"locked, and the key is {KEY}")
        return self.held.get((service, username))

    def set_password(self, service, username, password):
        raise NotImplementedError

    def delete_password(self, service, username):
        raise NotImplementedError


@pytest.fixture
def ring():
    """Puts a keyring with these entries in the system's place."""
    before = keyring.get_keyring()
    yield lambda held: keyring.set_keyring(Stub(held))
    keyring.set_keyring(before)


class TestKeyring:
    def test_an_entry(self, ring):
        ring({("infertop", "groq"): KEY, ("infertop", "a/b"): "other"})
        assert resolve("keyring:infertop/groq").reveal() == KEY
        assert resolve("keyring:infertop/a/b").reveal() == "other"

    def test_no_such_entry_says_how_to_make_one(self, ring):
        ring({})
        with pytest.raises(CredentialError, match="no such entry; keyring set infertop groq makes one"):
            resolve("keyring:infertop/groq")

    def test_an_empty_entry(self, ring):
        ring({("infertop", "groq"): ""})
        with pytest.raises(CredentialError, match="keyring:infertop/groq: the entry is empty"):
            resolve("keyring:infertop/groq")

    def test_a_locked_keyring_says_so_in_our_words(self, ring):
        ring(None)
        with pytest.raises(CredentialError, match="KeyringLocked") as caught:
            resolve("keyring:infertop/groq")
        assert KEY not in "".join(traceback.format_exception(caught.value))

    def test_without_the_package_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "keyring", None)
        with pytest.raises(CredentialError, match=r"pip install 'infertop\[keyring\]'"):
            resolve("keyring:infertop/groq")


class TestErrors:
    @pytest.mark.parametrize("reference", ["env:NO_SUCH_VARIABLE", "file:/no/such/file", "file:/"])
    def test_missing_names_the_reference(self, reference):
        with pytest.raises(CredentialError, match=reference):
            resolve(reference)

    def test_empty_names_the_reference(self, tmp_path, monkeypatch):
        monkeypatch.setenv("EMPTY_KEY", "\n")
        (tmp_path / "key").write_text("\n")
        with pytest.raises(CredentialError, match="env:EMPTY_KEY: the variable is empty"):
            resolve("env:EMPTY_KEY")
        with pytest.raises(CredentialError, match="the file is empty"):
            resolve(f"file:{tmp_path / 'key'}")

    @pytest.mark.parametrize("value", [KEY + " x", KEY + "\nX-Header: 1", KEY + "é", "\x1b[31m" + KEY])
    def test_what_cannot_be_a_header_is_refused_and_not_shown(self, monkeypatch, value):
        monkeypatch.setenv("SOME_KEY", value)
        with pytest.raises(CredentialError, match="env:SOME_KEY") as caught:
            resolve("env:SOME_KEY")
        assert "secret" not in "".join(traceback.format_exception(caught.value))

    def test_binary_file(self, tmp_path):
        (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(CredentialError, match="not a text file"):
            resolve(f"file:{tmp_path / 'key'}")

    @pytest.mark.parametrize("reference", [KEY, "env:", "file:", "keyring:", "keyring:infertop", f"key:{KEY}"])
    def test_key_itself_as_reference_is_refused_and_not_shown(self, reference):
        with pytest.raises(CredentialError, match="env:NAME, file:PATH or keyring:SERVICE/NAME") as caught:
            resolve(reference)
        assert KEY not in str(caught.value)


def test_nothing_shows_a_secret():
    secret = Secret(KEY)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]}"):
        assert KEY not in shown
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(secret)


def test_redacted():
    assert Secret(KEY).redacted(f"Incorrect API key provided: {KEY}.") == "Incorrect API key provided: [key]."


def test_passwords_of_proxies_as_they_are_written_and_sent(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://me:p%40ss@proxy:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    assert {secret.reveal() for secret in proxy_secrets()} == {"me:p%40ss", "p%40ss", "p@ss", "bWU6cEBzcw=="}
