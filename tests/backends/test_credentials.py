"""Keys are found by reference and shown by nothing."""

import pickle
import traceback

import pytest

from infertop.backends.credentials import CredentialError, Secret, resolve

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

    @pytest.mark.parametrize("reference", [KEY, "env:", "file:", f"key:{KEY}"])
    def test_key_itself_as_reference_is_refused_and_not_shown(self, reference):
        with pytest.raises(CredentialError, match="env:NAME or file:PATH") as caught:
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
