"""Two publishers of two shows of one network at once, into one bucket, and killed: each feed stays whole.

`PODCAST_KIT_STRESS=1` runs 40 rounds instead of a few.
"""

import hashlib
import os
import random
import subprocess
import sys
import time

import pytest

from tests.support import interrupts, output_trees, shows
from tests.support.networks import network

ROUNDS = 40 if os.environ.get("PODCAST_KIT_STRESS") else 3
NAMES = ("one", "two")
SHOWS_FILE = """\
title: Small network
description: Shows for tests.
guid: 9b024349-ccf0-5f69-a609-6b82873eab3c
publish: {{url: "{url}", to: "s3://{bucket}", endpoint: "{endpoint}"}}
podroll: siblings
shows: ["shows/*"]
defaults:
  author: Tester
  language: en
  owner: {{name: Tester, email: t@pod.example}}
  categories: [Technology]
  explicit: false
  publish: {{url: "{url}{{name}}/", to: "s3://{bucket}/{{name}}", endpoint: "{endpoint}"}}
"""


def start(folder, *selection):
    command = [sys.executable, "-m", "podcast_kit", "publish", "-C", str(folder), "--yes", *selection]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)


def stored_objects(bucket, s3):
    """The ETag of every object by its key."""
    client = s3.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name)
    rows = {row["Key"]: row["ETag"] for page in pages for row in page.get("Contents", ())}
    client.close()
    return rows


def rows_of(rows, prefix):
    return {key: etag for key, etag in rows.items() if key.startswith(f"{prefix}/")}


def assert_whole(bucket, name, guids):
    """The feed of a show has its own episodes alone, and everything that it names is there."""
    url = f"{bucket.url}{name}/"
    assert output_trees.find_broken_links(url) == []
    assert {guid.rpartition("-")[0] for guid in output_trees.live_guids(url)} <= {name}
    assert set(output_trees.live_guids(url)) <= guids


@pytest.fixture
def folder(bucket, tmp_path):
    shows_file = SHOWS_FILE.format(url=bucket.url, bucket=bucket.name, endpoint=bucket.endpoint)
    folder = network(tmp_path / "net", *NAMES, shows_file=shows_file)
    output, _ = (process := start(folder, "--all")).communicate()
    assert process.returncode == 0, output
    return folder


@pytest.mark.slow
def test_two_publishers_of_one_network_never_touch_each_others_show(folder, bucket, s3):
    dice = random.Random(7)
    guids = {name: {f"{name}-1"} for name in NAMES}
    for number in range(2, ROUNDS + 2):
        for name in NAMES:
            shows.add(folder / "shows" / name, number, guid=f"{name}-{number}")
            guids[name].add(f"{name}-{number}")
        processes = {name: start(folder, "--show", name) for name in NAMES}
        victim = dice.choice((*NAMES, ""))
        if victim:
            time.sleep(dice.uniform(0.5, 4))
            processes[victim].kill()
        for name, process in processes.items():
            output, _ = process.communicate()
            assert name == victim or process.returncode == 0, output
        for name in NAMES:
            assert_whole(bucket, name, guids[name])
    before = stored_objects(bucket, s3)
    output, _ = (process := start(folder, "--show", "one")).communicate()
    assert process.returncode == 0, output
    after = stored_objects(bucket, s3)
    assert rows_of(after, "two") == rows_of(before, "two")
    output, _ = (process := start(folder, "--all")).communicate()
    assert process.returncode == 0, output
    for name in NAMES:
        assert set(output_trees.live_guids(f"{bucket.url}{name}/")) == guids[name]
        for path in (folder / "shows" / name / "build").rglob("*"):
            if path.is_file():
                key = path.relative_to(folder / "shows" / name / "build").as_posix()
                live = output_trees.download(f"{bucket.url}{name}/{key}")
                assert hashlib.sha256(live).digest() == hashlib.sha256(path.read_bytes()).digest(), key
    assert output_trees.find_broken_links(bucket.url) == []


@pytest.mark.slow
def test_killed_publish_of_all_shows_leaves_every_feed_whole(folder, bucket):
    dice = random.Random(8)
    guids = {name: {f"{name}-1"} for name in NAMES}
    for number in range(2, max(2, ROUNDS // 2) + 2):
        for name in NAMES:
            shows.add(folder / "shows" / name, number, guid=f"{name}-{number}")
            guids[name].add(f"{name}-{number}")
        process = start(folder, "--all")
        time.sleep(dice.uniform(0.5, 6))
        process.kill()
        process.communicate()
        assert interrupts.wait_until_gone(folder), "processes of a killed publish go on"
        for name in NAMES:
            assert_whole(bucket, name, guids[name])
    output, _ = (process := start(folder, "--all")).communicate()
    assert process.returncode == 0, output
    for name in NAMES:
        assert set(output_trees.live_guids(f"{bucket.url}{name}/")) == guids[name]
    page = output_trees.download(f"{bucket.url}index.html").decode()
    newest = len(guids["one"])
    assert all(f"one/episodes/{number:03d}-talk/" in page for number in range(newest - 2, newest + 1))
