import pytest

from podcast_kit.io.mime import guess_content_type


@pytest.mark.parametrize(
    ("key", "content_type"),
    [
        ("feed.xml", "application/rss+xml; charset=utf-8"),
        ("sitemap.xml", "application/xml; charset=utf-8"),
        ("media/aa/001.chapters.json", "application/json+chapters"),
        ("feed.json", "application/feed+json"),
        ("media/aa/TALK.MP3", "audio/mpeg"),
        ("CNAME", "application/octet-stream"),
    ],
)
def test_longest_matching_name_decides(key, content_type):
    assert guess_content_type(key) == content_type
