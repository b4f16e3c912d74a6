import pytest

from podcast_kit.model import public_url, show_guid


@pytest.mark.parametrize("base", ["https://pod.example/show", "https://pod.example/show/"])
def test_public_url_is_percent_encoded(base):
    assert public_url(base, "media/a/fünf 1.mp3") == "https://pod.example/show/media/a/f%C3%BCnf%201.mp3"


@pytest.mark.parametrize(
    "feed_url",
    ["https://podnews.net/rss", "http://podnews.net/rss/", "podnews.net/rss"],
)
def test_show_guid_ignores_scheme_and_trailing_slash(feed_url):
    assert show_guid(feed_url) == "9b024349-ccf0-5f69-a609-6b82873eab3c"
