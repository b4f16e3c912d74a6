"""Logs in object storage are listed, fetched and read once."""

import gzip
from datetime import UTC, datetime

import boto3
import pytest

from podcast_kit.model import PublishSettings
from podcast_kit.stats import ingest, remote_logs
from podcast_kit.stats.log_files import find_logs
from podcast_kit.stores.s3 import S3Store
from tests.support import seaweed

NOW = datetime(2026, 11, 28, 19, tzinfo=UTC)
LINE = '192.0.2.1 - - [28/Nov/2026:19:00:{n:02} +0000] "GET /a.mp3 HTTP/1.1" 200 5000 "-" "App/{n}"\n'


class Salts:
    def salt_of_month(self, month):
        return month.encode() * 4


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    try:
        with seaweed.Server(tmp_path_factory.mktemp("weed")) as server:
            yield server
    except seaweed.PlatformUnsupported as error:
        pytest.skip(str(error))


@pytest.fixture
def place(server, monkeypatch):
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    bucket = server.bucket()
    client = boto3.client("s3", endpoint_url=server.endpoint)
    settings = PublishSettings(
        url="https://pod.example/", to="s3://pod", endpoint=server.endpoint, region=seaweed.REGION
    )
    return client, bucket.name, settings


def put_log(client, bucket, key, *numbers):
    body = gzip.compress("".join(LINE.format(n=number) for number in numbers).encode())
    client.put_object(Bucket=bucket, Key=key, Body=body)


def read_place(tmp_path, bucket, settings):
    data = tmp_path / "data"
    sources = find_logs([f"s3://{bucket}/logs"], settings, data / "fetched")
    return ingest.ingest_logs(data, sources, salts=Salts(), now=NOW)


def test_only_new_and_changed_objects_are_fetched(tmp_path, place, monkeypatch):
    client, bucket, settings = place
    fetched = []
    download = S3Store.download
    monkeypatch.setattr(S3Store, "download", lambda self, key, path: fetched.append(key) or download(self, key, path))
    put_log(client, bucket, "logs/1.gz", 1, 2)
    put_log(client, bucket, "logs/2/b.gz", 3)
    put_log(client, bucket, "other/3.gz", 4)
    assert read_place(tmp_path, bucket, settings).requests == 3
    assert sorted(fetched) == ["1.gz", "2/b.gz"]
    again = read_place(tmp_path, bucket, settings)
    assert (again.requests, again.unchanged, len(fetched)) == (0, 2, 2)
    put_log(client, bucket, "logs/1.gz", 1, 2, 5)
    put_log(client, bucket, "logs/3.gz", 6)
    assert read_place(tmp_path, bucket, settings).requests == 2
    assert sorted(fetched[2:]) == ["1.gz", "3.gz"]


def test_fetched_logs_are_removed_once_they_are_recorded(tmp_path, place, monkeypatch):
    client, bucket, settings = place
    put_log(client, bucket, "logs/1.gz", 1)
    fetched = []
    download = S3Store.download
    monkeypatch.setattr(S3Store, "download", lambda self, key, path: fetched.append(key) or download(self, key, path))

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "flush_disk", die)
        with pytest.raises(KeyboardInterrupt):
            read_place(tmp_path, bucket, settings)
    assert read_place(tmp_path, bucket, settings).requests == 1
    assert fetched == ["1.gz"]  # the copy of the killed run was used
    assert list((tmp_path / "data/fetched").iterdir()) == []


def test_object_that_vanished_after_the_list_is_skipped(tmp_path, place):
    client, bucket, settings = place
    put_log(client, bucket, "logs/1.gz", 1)
    put_log(client, bucket, "logs/2.gz", 2)
    data = tmp_path / "data"
    sources = find_logs([f"s3://{bucket}/logs"], settings, data / "fetched")
    client.delete_object(Bucket=bucket, Key="logs/1.gz")
    assert ingest.ingest_logs(data, sources, salts=Salts(), now=NOW).requests == 1


@pytest.mark.parametrize(
    ("argument", "expected"), [("s3://b/p", True), ("r2://b", True), ("ftp://b", False), ("s3", False)]
)
def test_which_arguments_name_a_store(argument, expected):
    assert remote_logs.is_remote_place(argument) is expected
