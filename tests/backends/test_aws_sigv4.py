"""Signatures: the same that botocore makes."""

import string
from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from infertop.backends.aws_credentials import AwsCredentials
from infertop.backends.aws_sigv4 import signed_headers
from infertop.backends.credentials import Secret

words = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=12)
anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
segments = anything.map(lambda text: quote(text, safe="")).filter(lambda text: text not in {".", ".."})
paths = st.lists(segments, max_size=4).map(lambda parts: "/" + "/".join(parts))
values = anything.map(lambda text: quote(text, safe="-_.~"))
queries = st.lists(st.tuples(values, values).map("=".join) | values, max_size=4).map("&".join)
header_texts = st.text(string.ascii_letters + " ;,=/", min_size=1, max_size=20).filter(str.strip)
names = words.map(lambda word: f"X-{word}").filter(lambda name: name.lower() not in {"x-amz-date", "x-amzn-trace-id"})
headers = st.dictionaries(names, header_texts, max_size=3).filter(
    lambda fields: len({name.lower() for name in fields}) == len(fields)
)
moments = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(
    path=paths,
    query=queries,
    fields=headers,
    body=st.binary(max_size=200),
    at=moments,
    secret=st.text(string.printable, min_size=1, max_size=40),
    token=st.none() | words,
    service=st.sampled_from(["bedrock", "sagemaker"]),
    region=words,
)
@example(
    "/model/anthropic.claude-v2%3A1/converse-stream",
    "",
    {},
    b"{}",
    datetime(2026, 11, 23, tzinfo=UTC),
    "s",
    None,
    "bedrock",
    "us-east-1",
)
@example(
    "/endpoints/a%20b/x",
    "b=2&a=1&a&c=%20",
    {},
    b"",
    datetime(2026, 11, 23, tzinfo=UTC),
    "s",
    "t",
    "sagemaker",
    "eu-west-3",
)
def test_is_what_botocore_makes(path, query, fields, body, at, secret, token, service, region):
    host = f"{service}.{region}.amazonaws.com"
    url = f"https://{host}{path}" + (f"?{query}" if query else "")
    sent = {"Host": host, "Content-Type": "application/json", **fields}
    request = AWSRequest("POST", url, headers=sent, data=body)
    with patch("botocore.auth.get_current_datetime", return_value=at):
        SigV4Auth(Credentials("AKIA", secret, token), service, region).add_auth(request)
    added = signed_headers(
        AwsCredentials("AKIA", Secret(secret), Secret(token) if token else None, region),
        service=service,
        region=region,
        method="POST",
        url=url,
        headers=sent,
        body=body,
        at=at,
    )
    assert added == {name: request.headers[name] for name in added}
    assert set(request.headers.keys()) == set(sent) | set(added)


@pytest.mark.parametrize("changed", ["method", "url", "body", "at", "region", "service"])
def test_everything_is_signed(changed):
    whole = {
        "service": "bedrock",
        "region": "us-east-1",
        "method": "POST",
        "url": "https://h/a",
        "headers": {"Host": "h"},
        "body": b"{}",
        "at": datetime(2026, 11, 23, 12, tzinfo=UTC),
    }
    other = {"method": "GET", "url": "https://h/b", "body": b"[]", "at": datetime(2026, 11, 23, 13, tzinfo=UTC)}
    credentials = AwsCredentials("AKIA", Secret("secret"), None, "")
    first = signed_headers(credentials, **whole)["Authorization"]
    second = signed_headers(credentials, **{**whole, changed: other.get(changed, "x")})["Authorization"]
    assert first.rpartition("Signature=")[2] != second.rpartition("Signature=")[2]
