"""What many tests share: a real S3 server, started once a worker."""

import pytest

from tests import seaweed


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """A running SeaweedFS; where there is none for the platform the test is skipped."""
    try:
        seaweed.program()
    except seaweed.NotForThisPlatform as error:
        pytest.skip(str(error))
    with seaweed.Server(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def s3(s3_server, monkeypatch):
    """The server, with its credentials in the environment and nobody else's."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture
def bucket(s3):
    """A fresh bucket that anybody may read."""
    return s3.bucket()
