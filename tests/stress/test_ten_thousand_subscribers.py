"""10,000 private feeds on a real store: objects, bytes, requests and memory of a new episode."""

import json
import os
import re
import subprocess
import sys

from tests.support import members_shows, shows
from tests.support.members_shows import NOW, run

SUBSCRIBERS = 10_000 if "PODCAST_KIT_STRESS" in os.environ else 200
MAX_MEMORY_MB = 300
PROGRAM = """
import sys
from podcast_kit.cli import cli
from tests.support import peak_memory
try:
    cli(sys.argv[1:])
finally:
    print("peak", peak_memory.megabytes(), file=sys.stderr)
"""


def publish(folder):
    """Publish in a program of its own: its document and its peak memory in MB."""
    command = [sys.executable, "-c", PROGRAM, "publish", "-C", str(folder), "--yes", "--json", "--at", NOW]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=shows.ROOT)
    return json.loads(done.stdout), int(re.search(r"^peak (\d+)$", done.stderr, re.MULTILINE)[1])


def test_a_new_episode_for_ten_thousand_subscribers_takes_bounded_memory(tmp_path, bucket):
    folder = shows.small(tmp_path / "show", episodes=3)
    yaml = folder / "podcast.yaml"
    target = f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}"
    yaml.write_text(re.sub(r"publish: .*", target, yaml.read_text()))
    members_shows.private(folder, "subscribers: supporters.csv")
    tiers = ("supporter", "gold")
    rows = [f"member{number}@pod.example,{tiers[number % 2]}\n" for number in range(SUBSCRIBERS)]
    (folder / "supporters.csv").write_text("email,tier\n" + "".join(rows))
    run(folder, "private", "--estimate")
    first_peak = publish(folder)[1]
    shows.add(folder, 4)
    second, second_peak = publish(folder)
    print(f"\nfirst publish {first_peak} MB; new episode {second_peak} MB, {second['bytes']} bytes")
    print({key: second.get(key) for key in ("requests", "seconds", "uploaded")})
    assert max(first_peak, second_peak) <= MAX_MEMORY_MB
    assert second["bytes"] < 3_000_000
