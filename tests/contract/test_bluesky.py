"""Posting on Bluesky: the server that the other tests use, and a real PDS, which PODCAST_KIT_PDS names (`make pds`).

Its npm packages have 360 MB, and take minutes to install and compile: too long for `make test`. CI has them.
"""

import json
import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from podcast_kit.announce.api import PostError
from podcast_kit.announce.bluesky import BlueskyNetwork
from podcast_kit.announce.networks import Draft
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import NetworkSettings, PostRecord, PostStatus
from tests.support import bluesky as bluesky_server

PDS_FOLDER = os.environ.get("PODCAST_KIT_PDS", "")
PDS_URL = "http://localhost:18411"
PDS_HANDLE = "mypod.test"
START_PDS = """
import { TestNetworkNoAppView } from '@atproto/dev-env'
await TestNetworkNoAppView.create({ plc: { port: 18410 }, pds: { port: 18411 } })
"""
FAMILY = "👨‍👩‍👧‍👦"
TEXTS = [
    "x" * 300,
    "x" * 301,
    FAMILY * 120,
    FAMILY * 121,
    "e\u0301" * 300,
    "क्षि" * 250,
    "🇩🇪" * 301,
    "நி" * 300,
    "กำ" * 300,
]


def call_pds(method, **body):
    data = json.dumps(body).encode() if body else None
    request = Request(f"{PDS_URL}/xrpc/{method}", data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as response:
        return json.load(response)


@contextmanager
def real_pds():
    command = ["node", "--input-type=module", "-e", START_PDS]
    process = subprocess.Popen(command, cwd=PDS_FOLDER, stdout=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            try:
                call_pds("_health")
                break
            except (URLError, ConnectionError):
                time.sleep(0.1)
        password = bluesky_server.PASSWORD
        call_pds("com.atproto.server.createAccount", handle=PDS_HANDLE, email="a@pod.test", password=password)
        yield PDS_URL, PDS_HANDLE
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def fake_pds():
    with bluesky_server.running() as server:
        yield server.url, bluesky_server.HANDLE


@pytest.fixture(
    scope="module", params=[fake_pds, *([real_pds] if PDS_FOLDER else [])], ids=lambda start: start.__name__
)
def make_network(request):
    """Signs in; each call is a run of its own."""
    with request.param() as (url, handle), HttpClient(NetworkPolicy.trust(url)) as http:

        def sign_in(password=bluesky_server.PASSWORD):
            settings = NetworkSettings(name="bluesky", options={"account": handle, "pds": url})
            return BlueskyNetwork(settings, http, {"PODCAST_KIT_BLUESKY_PASSWORD": password})

        yield sign_in


def draft(network, **values):
    text = f"Größe {FAMILY} https://pod.example/episodes/1/ #RSS"
    post = Draft(
        guid="guid-1",
        slug="001-talk",
        title=f"Größe {FAMILY}",
        summary="Ein Satz.",
        url="https://pod.example/episodes/1/",
        show_guid="show",
        language="de-AT",
        date=datetime(2026, 11, 28, tzinfo=UTC),
        intended_at=datetime(2026, 11, 28, 12, tzinfo=UTC),
        text=text,
    )
    post = replace(post, **values)
    return replace(post, post_id=network.choose_id(post))


def test_posting_twice_gives_one_post_that_can_be_found_and_deleted(make_network, tmp_path):
    network = make_network()
    card = tmp_path / "card.jpg"
    Image.effect_noise((1200, 630), 80).convert("RGB").save(card)
    first = draft(network, card=card)
    assert network.find_sent(first) is None
    sent = network.send(first)
    assert sent.uri.endswith(f"/app.bsky.feed.post/{first.post_id}")
    assert make_network().send(first) == sent
    assert make_network().find_sent(first) == sent
    again = draft(network, attempt=2)
    assert network.send(again).id != sent.id
    for _ in range(2):
        network.withdraw(PostRecord(status=PostStatus.SENT, at="", id=sent.id))
    assert network.find_sent(first) is None
    assert network.find_sent(again) is not None


def test_card_whose_picture_is_too_large_has_none(make_network, tmp_path):
    card = tmp_path / "card.jpg"
    card.write_bytes(b"\xff" * 1_000_001)
    network = make_network()
    large = draft(network, card=card, attempt=3)
    assert network.send(large).id == large.post_id


def is_taken(network, text):
    try:
        network.send(draft(network, text=text))
    except PostError as error:
        return (error.status, error.is_doubtful) != (400, False)
    return True


def test_texts_that_we_accept_are_those_that_the_server_takes(make_network):
    network = make_network()
    accepted = [network.accepts(text) for text in TEXTS]
    assert accepted.count(False) == 3
    assert [is_taken(network, text) for text in TEXTS] == accepted


def test_wrong_password_is_refused_before_anything_is_sent(make_network):
    with pytest.raises(PostError, match="does not accept PODCAST_KIT_BLUESKY_PASSWORD") as caught:
        make_network("wrong-password").check_access()
    assert "app password" in caught.value.fix
