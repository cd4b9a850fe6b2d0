"""AWS credentials: the same that botocore finds, and never shown."""

import sys
import traceback
from datetime import UTC, datetime, timedelta

import botocore.session
import pytest

from infertop.backends import aws_credentials
from infertop.backends.aws_credentials import AwsSource, resolve_aws
from infertop.backends.credentials import CredentialError

from .token_server import token_server

KEY, SECRET, TOKEN = "AKIACANARY0000000001", "canary/secret+0123456789", "canary-session-token"


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in list(aws_credentials.os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def environment(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def told(credentials):
    token = credentials.session_token
    return (
        credentials.access_key,
        credentials.secret_key.reveal(),
        token.reveal() if token else None,
        credentials.region,
    )


def test_environment(monkeypatch):
    environment(monkeypatch, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN)
    environment(monkeypatch, AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="us-east-1")
    assert told(resolve_aws()) == (KEY, SECRET, TOKEN, "eu-west-1")
    assert resolve_aws(region="us-west-2").region == "us-west-2"


FILES = {
    "default": (
        "[default]\naws_access_key_id = A1\naws_secret_access_key = S%1\n",
        "[default]\nregion = eu-north-1\n",
    ),
    "profile in credentials": (
        "[work]\naws_access_key_id=A2\naws_secret_access_key=S2\naws_session_token=T2\n",
        "[profile work]\nregion=us-east-2\n",
    ),
    "profile in config": ("", "[profile work]\naws_access_key_id=A3\naws_secret_access_key=S3\nregion=r3\n"),
    "both": (
        "[work]\naws_access_key_id=A4\naws_secret_access_key=S4\n",
        "[profile work]\naws_access_key_id=A5\naws_secret_access_key=S5\n",
    ),
    "comments and upper case": (
        "# mine\n[work]\nAWS_ACCESS_KEY_ID = A6\naws_secret_access_key = S6\n; end\n",
        "[profile  work]\nregion = r6\noutput = json\n",
    ),
}


@pytest.mark.parametrize(("shared", "config"), FILES.values(), ids=FILES)
def test_files_are_read_as_botocore_reads_them(monkeypatch, clean, shared, config):
    (clean / "credentials").write_text(shared)
    (clean / "config").write_text(config)
    profile = "default" if "[default]" in shared else "work"
    session = botocore.session.Session(profile=profile)
    theirs = session.get_credentials().get_frozen_credentials()
    monkeypatch.setattr(aws_credentials, "_from_chain", None)  # read by ourselves, not by botocore
    ours = told(resolve_aws(profile))
    assert ours[:3] == (theirs.access_key, theirs.secret_key, theirs.token)
    assert ours[3] == (session.get_config_variable("region") or "")


def test_a_named_profile_wins_over_the_environment_and_its_variable_does_not(monkeypatch, clean):
    (clean / "credentials").write_text("[work]\naws_access_key_id=A\naws_secret_access_key=S\n")
    environment(monkeypatch, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_PROFILE="work")
    assert resolve_aws("work").access_key == "A"
    assert resolve_aws().access_key == KEY


def test_static_keys_of_a_role_are_not_the_roles(monkeypatch, clean):
    """They are for assuming it: the request must not go out under the wrong name."""
    (clean / "config").write_text(
        "[profile work]\naws_access_key_id=A\naws_secret_access_key=S\nrole_arn=arn:aws:iam::1:role/r\n"
        "source_profile=nowhere\n"
    )
    with pytest.raises(CredentialError):
        resolve_aws("work")


class TestTheChain:
    @pytest.fixture
    def container(self, monkeypatch):
        """The credential service of a container, which botocore's chain asks."""
        with token_server() as server:
            environment(monkeypatch, AWS_CONTAINER_CREDENTIALS_FULL_URI=server.url)
            yield server

    def hand_out(self, server, key, **left):
        ends = datetime.now(UTC) + timedelta(**left)
        server.document = {
            "AccessKeyId": key,
            "SecretAccessKey": SECRET,
            "Token": TOKEN,
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def test_its_credentials_expire(self, container):
        self.hand_out(container, "first", hours=1)
        found = resolve_aws()
        assert (found.access_key, found.secret_key.reveal()) == ("first", SECRET)
        assert timedelta(minutes=59) < found.expires - datetime.now(UTC) <= timedelta(hours=1)

    async def test_they_are_kept_and_renewed_before_they_end(self, container, monkeypatch):
        source = AwsSource()
        self.hand_out(container, "first", hours=1)
        assert (await source.current()).access_key == "first"
        self.hand_out(container, "second", hours=1)
        assert (await source.current()).access_key == "first"
        monkeypatch.setattr(aws_credentials, "REFRESH_BEFORE", timedelta(hours=2))
        monkeypatch.setattr(aws_credentials, "REFRESH_AT_MOST_EVERY_S", 0.0)
        assert (await source.current()).access_key == "second"

    async def test_what_still_holds_is_used_when_the_service_is_gone(self, container, monkeypatch):
        source = AwsSource()
        self.hand_out(container, "first", hours=1)
        await source.current()
        container.status = 500
        monkeypatch.setattr(aws_credentials, "REFRESH_BEFORE", timedelta(hours=2))
        monkeypatch.setattr(aws_credentials, "REFRESH_AT_MOST_EVERY_S", 0.0)
        monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.RETRY_ATTEMPTS", 1)
        assert (await source.current()).access_key == "first"


class TestMistakes:
    def test_nothing_anywhere(self):
        with pytest.raises(CredentialError, match="no AWS credentials"):
            resolve_aws()

    def test_without_botocore_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "botocore.session", None)
        with pytest.raises(CredentialError, match=r"AWS_ACCESS_KEY_ID.*pip install 'infertop\[aws\]'"):
            resolve_aws()

    def test_unknown_profile(self):
        with pytest.raises(CredentialError, match="nowhere"):
            resolve_aws("nowhere")

    @pytest.mark.parametrize("text", [f"aws_secret_access_key = {SECRET}\n", f"[work]\n{SECRET}\n", b"\xff\xfe"])
    def test_a_broken_file_is_named_and_not_quoted(self, clean, text):
        (clean / "credentials").write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(CredentialError, match="not a file of AWS profiles") as caught:
            resolve_aws()
        assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_nothing_shows_them(monkeypatch):
    environment(monkeypatch, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN)
    shown = f"{resolve_aws()!r} {resolve_aws()} {[resolve_aws()]}"
    assert not any(each in shown for each in (KEY, SECRET, TOKEN))
