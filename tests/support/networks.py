"""Networks for tests: several small shows below one shows.yaml."""

import shutil

from tests.support import shows

SHOWS_FILE = """\
title: Small network
description: Shows for tests.
guid: 9b024349-ccf0-5f69-a609-6b82873eab3c
publish: {url: "https://net.example/", to: public}
podroll: siblings
shows: ["shows/*"]
defaults:
  author: Tester
  language: en
  owner: {name: Tester, email: t@pod.example}
  categories: [Technology]
  explicit: false
  publish: {url: "https://net.example/{name}/", to: "public/{name}"}
"""


def network(folder, *names, shows_file=SHOWS_FILE, episodes=1):
    """A network of small shows, which inherit what shows.yaml says."""
    folder.mkdir(parents=True, exist_ok=True)
    if shows_file:
        (folder / "shows.yaml").write_text(shows_file)
    for name in names or ("one", "two"):
        add_show(folder / "shows" / name, episodes=episodes)
    return folder


def add_show(folder, *, episodes=1, text="", recording="003-what-a-review-is-for.mp3"):
    """A show that has only a title and a description of its own, and what `text` adds."""
    (folder / "episodes").mkdir(parents=True)
    shutil.copy(shows.ROOT / "episodes/art/cover.jpg", folder / "cover.jpg")
    title = f"Show {folder.name}"
    (folder / "podcast.yaml").write_text(
        f"title: {title}\ndescription: The show {folder.name}.\nartwork: cover.jpg\n{text}"
    )
    for number in range(1, episodes + 1):
        shows.add(folder, number, guid=f"{folder.name}-{number}", recording=recording)
    return folder
