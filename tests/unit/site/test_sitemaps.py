"""A sitemap stays within the protocol's limits: 50,000 URLs and 50 MB a file."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from podcast_kit import site
from podcast_kit.io.mime import guess_content_type
from podcast_kit.site import sitemaps
from tests.support.site_factories import ART, BASE, make_item, make_show

START = datetime(2020, 1, 1, tzinfo=UTC)


def make_urls(count, length=40):
    return [(f"{BASE}{number}".ljust(length, "x"), START + timedelta(days=number)) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, [0]), (1, [1]), (50_000, [50_000]), (50_001, [50_000, 1]), (100_000, [50_000, 50_000])]
)
def test_a_part_has_at_most_50_000_urls(count, sizes):
    assert [len(part) for part in sitemaps.split_sitemap(make_urls(count))] == sizes


def test_a_part_has_at_most_50_mb_when_every_url_is_long():
    urls = make_urls(30_000, length=2_000)
    parts = sitemaps.split_sitemap(urls)
    assert [url for part in parts for url in part] == urls
    assert all(sum(len(url) + sitemaps.ENTRY_BYTES for url, _ in part) <= 50_000_000 for part in parts)
    assert len(parts) == 2


def test_a_url_is_counted_as_it_is_escaped(monkeypatch):
    monkeypatch.setattr(sitemaps, "MAX_SITEMAP_BYTES", 2 * sitemaps.ENTRY_BYTES + 50)
    assert len(sitemaps.split_sitemap([("a" * 20, None), ("b" * 20, None)])) == 1
    assert len(sitemaps.split_sitemap([("a" * 20, None), ("&" * 20, None)])) == 2


@pytest.fixture
def pages(tmp_path, monkeypatch):
    monkeypatch.setattr(sitemaps, "MAX_SITEMAP_URLS", 3)
    items = [make_item(number) for number in range(5, 0, -1)]
    rendered = site.render_site(make_show(), items, folder=tmp_path, artwork=ART)
    return {key: data.decode() for key, data in rendered.items()}


def test_robots_txt_names_the_index_and_the_index_names_every_part(pages):
    parts = re.findall("<sitemap><loc>([^<]*)</loc>", pages["sitemap.xml"])
    assert f"Sitemap: {BASE}sitemap.xml" in pages["robots.txt"]
    assert parts == [f"{BASE}sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    assert {url.removeprefix(BASE) for url in parts} == {key for key in pages if key.startswith("sitemap-")}
    assert len(parts) > 1


def test_each_url_is_in_one_part_of_a_split_sitemap(pages, tmp_path, monkeypatch):
    texts = [text for key, text in sorted(pages.items()) if key.startswith("sitemap-")]
    parts = [re.findall("<loc>([^<]*)</loc>", text) for text in texts]
    monkeypatch.setattr(sitemaps, "MAX_SITEMAP_URLS", 50_000)
    items = [make_item(number) for number in range(5, 0, -1)]
    whole = site.render_site(make_show(), items, folder=tmp_path, artwork=ART)["sitemap.xml"].decode()
    assert max(map(len, parts)) == 3
    assert [url for part in parts for url in part] == re.findall("<loc>([^<]*)</loc>", whole)


def test_the_index_has_the_newest_date_of_each_part(pages):
    dates = re.findall("<lastmod>([^<]*)</lastmod></sitemap>", pages["sitemap.xml"])
    assert dates[0] == max(re.findall("<lastmod>([^<]*)</lastmod>", pages["sitemap-1.xml"]))


def test_parts_are_served_as_xml_and_not_as_feeds():
    assert guess_content_type("sitemap-12.xml") == "application/xml; charset=utf-8"
    assert guess_content_type("feed/12.xml") == "application/rss+xml; charset=utf-8"
