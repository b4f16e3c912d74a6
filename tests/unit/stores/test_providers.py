from pathlib import Path

import pytest

from podcast_kit import check
from podcast_kit.errors import InvalidInput
from podcast_kit.model import PublishSettings
from podcast_kit.stores import open_store
from podcast_kit.stores.providers import PROVIDERS


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


def opened(to, **settings):
    return open_store(PublishSettings(url="https://pod.example/", to=to, **settings), Path("show"))


@pytest.mark.parametrize(
    ("to", "settings", "endpoint", "region", "virtual"),
    [
        ("s3://pod/show", {}, "", "", True),
        ("aws://pod/show", {"region": "eu-west-1"}, "", "eu-west-1", True),
        ("s3://pod.example", {"region": "eu-west-1"}, "", "eu-west-1", False),
        ("s3://pod", {"endpoint": "https://s3.here"}, "https://s3.here", "", False),
        ("r2://pod/show", {"account": "0a1b"}, "https://0a1b.r2.cloudflarestorage.com", "auto", False),
        ("r2://pod", {"endpoint": "https://0a.eu.r2.here"}, "https://0a.eu.r2.here", "auto", False),
        ("b2://pod", {"region": "us-west-004"}, "https://s3.us-west-004.backblazeb2.com", "us-west-004", False),
        ("gs://pod", {}, "https://storage.googleapis.com", "auto", False),
        ("spaces://pod", {"region": "fra1"}, "https://fra1.digitaloceanspaces.com", "fra1", False),
        ("hetzner://pod", {"region": "fsn1"}, "https://fsn1.your-objectstorage.com", "fsn1", False),
        ("wasabi://pod", {"region": "eu-central-1"}, "https://s3.eu-central-1.wasabisys.com", "eu-central-1", False),
        ("minio://pod", {"endpoint": "https://m.here"}, "https://m.here", "us-east-1", False),
        ("garage://pod", {"endpoint": "https://g.here"}, "https://g.here", "garage", False),
    ],
)
def test_where_each_provider_answers(to, settings, endpoint, region, virtual):
    store = opened(to, **settings)
    assert (store.clients.endpoint, store.clients.region, store.clients.virtual) == (endpoint, region, virtual)
    assert (store.name, store.bucket) == (to, to.partition("://")[2].partition("/")[0])


@pytest.mark.parametrize("to", ["pod/show", "s3://pod/show", "r2://pod/show"])
def test_a_provider_may_be_named_beside_the_bucket(to):
    store = opened(to, provider="r2", account="0a1b")
    assert (store.name, store.clients.endpoint) == ("r2://pod/show", "https://0a1b.r2.cloudflarestorage.com")


@pytest.mark.parametrize(
    ("to", "provider", "said"),
    [
        ("pod", "wasbi", "did you mean wasabi?"),
        ("pod", "ftp", "known are s3"),
        ("b2://pod", "r2", "say one of them"),
        ("", "r2", "no bucket"),
    ],
)
def test_a_provider_that_cannot_be_is_said(to, provider, said):
    with pytest.raises(InvalidInput) as raised:
        opened(to, provider=provider, account="0a", region="x")
    [problem] = raised.value.problems
    assert said in f"{problem.text} {problem.fix}"


def test_every_provider_is_tried_here():
    tried = {mark.partition("://")[0] for mark, *_ in test_where_each_provider_answers.pytestmark[0].args[1]}
    assert tried == PROVIDERS.keys()


@pytest.mark.parametrize(
    ("to", "code", "said"),
    [
        ("r2://pod", "pb.account", "account"),
        ("b2://pod", "pb.region", "us-west-004"),
        ("minio://pod", "pb.endpoint", "endpoint"),
        ("wasbi://pod", "pb.to", "did you mean wasabi://?"),
        ("ftp://host/pod", "pb.to", "known are s3"),
        ("s3://", "pb.to", "bucket"),
        ("s3://a b/c", "pb.to", "bucket"),
    ],
)
def test_what_is_missing_is_said(to, code, said):
    with pytest.raises(InvalidInput) as raised:
        opened(to)
    [problem] = raised.value.problems
    assert problem.code == code
    assert check.explanation(code)
    assert said in f"{problem.text} {problem.fix}"


def test_the_endpoint_that_boto3_reads_from_the_environment_means_paths(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.here")
    store = opened("s3://pod")
    assert (store.clients.endpoint, store.clients.virtual) == ("https://s3.here", False)


def test_opening_a_store_asks_nothing_and_imports_no_boto3():
    import subprocess
    import sys

    source = (
        "import sys; from pathlib import Path; from podcast_kit.model import Publishing\n"
        "from podcast_kit.stores import open_store\n"
        "open_store(Publishing(url='https://x/', to='s3://pod'), Path())\n"
        "assert 'boto3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", source], check=True)
