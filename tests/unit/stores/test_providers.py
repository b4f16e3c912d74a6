from pathlib import Path

import pytest

from podcast_kit import check
from podcast_kit.errors import InvalidInput
from podcast_kit.model import PROVIDER_NAMES, PublishSettings
from podcast_kit.stores import open_store
from podcast_kit.stores.providers import PROVIDERS


@pytest.fixture(autouse=True)
def no_endpoint_variables(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


def open_configured(to, **settings):
    return open_store(PublishSettings(url="https://pod.example/", to=to, **settings), Path("show"))


ENDPOINTS = [
    ("s3://pod/show", {}, "", "", True),
    ("aws://pod/show", {"region": "eu-west-1"}, "", "eu-west-1", True),
    ("s3://pod.example", {"region": "eu-west-1"}, "", "eu-west-1", False),
    ("s3://pod", {"endpoint": "https://s3.example"}, "https://s3.example", "", False),
    ("r2://pod/show", {"account": "0a1b"}, "https://0a1b.r2.cloudflarestorage.com", "auto", False),
    ("r2://pod", {"endpoint": "https://0a.eu.r2.example"}, "https://0a.eu.r2.example", "auto", False),
    ("b2://pod", {"region": "us-west-004"}, "https://s3.us-west-004.backblazeb2.com", "us-west-004", False),
    ("gs://pod", {}, "https://storage.googleapis.com", "auto", False),
    ("spaces://pod", {"region": "fra1"}, "https://fra1.digitaloceanspaces.com", "fra1", False),
    ("hetzner://pod", {"region": "fsn1"}, "https://fsn1.your-objectstorage.com", "fsn1", False),
    ("wasabi://pod", {"region": "eu-central-1"}, "https://s3.eu-central-1.wasabisys.com", "eu-central-1", False),
    ("minio://pod", {"endpoint": "https://m.example"}, "https://m.example", "us-east-1", False),
    ("garage://pod", {"endpoint": "https://g.example"}, "https://g.example", "garage", False),
]


@pytest.mark.parametrize(("to", "settings", "endpoint", "region", "virtual"), ENDPOINTS)
def test_provider_settings_give_endpoint_region_and_addressing(to, settings, endpoint, region, virtual):
    store = open_configured(to, **settings)
    assert (store.clients.endpoint, store.clients.region, store.clients.virtual) == (endpoint, region, virtual)
    assert (store.name, store.bucket) == (to, to.partition("://")[2].partition("/")[0])


@pytest.mark.parametrize("to", ["pod/show", "s3://pod/show", "r2://pod/show"])
def test_publish_provider_with_the_bucket_alone(to):
    store = open_configured(to, provider="r2", account="0a1b")
    assert (store.name, store.clients.endpoint) == ("r2://pod/show", "https://0a1b.r2.cloudflarestorage.com")


@pytest.mark.parametrize(
    ("to", "provider", "text"),
    [
        ("pod", "wasbi", "did you mean wasabi?"),
        ("pod", "ftp", "use s3"),
        ("b2://pod", "r2", "keep one of them"),
        ("", "r2", "does not name a bucket"),
    ],
)
def test_invalid_publish_provider_is_reported(to, provider, text):
    with pytest.raises(InvalidInput) as raised:
        open_configured(to, provider=provider, account="0a", region="x")
    [problem] = raised.value.problems
    assert text in f"{problem.text} {problem.fix}"


def test_every_provider_is_covered():
    covered = {to.partition("://")[0] for to, *_ in ENDPOINTS}
    assert covered == PROVIDERS.keys()


@pytest.mark.parametrize(
    ("to", "code", "text"),
    [
        ("r2://pod", "pb.account", "account"),
        ("b2://pod", "pb.region", "us-west-004"),
        ("minio://pod", "pb.endpoint", "endpoint"),
        ("wasbi://pod", "pb.to", "did you mean wasabi://?"),
        ("ftp://host/pod", "pb.to", "use s3"),
        ("s3://", "pb.to", "bucket"),
        ("s3://a b/c", "pb.to", "bucket"),
    ],
)
def test_missing_setting_is_reported_with_its_code(to, code, text):
    with pytest.raises(InvalidInput) as raised:
        open_configured(to)
    [problem] = raised.value.problems
    assert problem.code == code
    assert check.explain_code(code)
    assert text in f"{problem.text} {problem.fix}"


def test_endpoint_from_environment_uses_path_addressing(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example")
    store = open_configured("s3://pod")
    assert (store.clients.endpoint, store.clients.virtual) == ("https://s3.example", False)


def test_open_store_does_not_import_boto3():
    import subprocess
    import sys

    source = (
        "import sys; from pathlib import Path; from podcast_kit.model import PROVIDER_NAMES, PublishSettings\n"
        "from podcast_kit.stores import open_store\n"
        "open_store(PublishSettings(url='https://x/', to='s3://pod'), Path())\n"
        "assert 'boto3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", source], check=True)


def test_every_provider_name_of_the_model_has_a_row():
    assert tuple(PROVIDERS) == PROVIDER_NAMES
