"""Episodes are built by a real Dask cluster on this machine: the same bytes, and words for a cluster that cannot."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime

import boto3
import pytest

from podcast_kit import builder
from podcast_kit.builder import workers as worker_module
from podcast_kit.builder.cluster import connect_cluster
from podcast_kit.errors import InvalidInput, OperationError, PodcastKitError
from podcast_kit.io.consent import ConsentKind, record_consent
from podcast_kit.source import project
from podcast_kit.stores.s3 import S3Store
from tests.support import interrupts, seaweed, worker_tasks
from tests.support.shows import ROOT, add, small, tree

dask = pytest.importorskip("dask", reason="`make engines` has not installed dask.distributed")
distributed = pytest.importorskip("distributed", reason="`make engines` has not installed dask.distributed")

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EPISODES = 12
MASTERED = "audio: {loudness: -16}\n"
MAX_START_S = 120
"""What a busy machine may take to start a scheduler and its worker."""

pytestmark = pytest.mark.filterwarnings("ignore")  # distributed's own


@pytest.fixture(autouse=True)
def always_parallel(monkeypatch):
    """However little there is to do."""
    monkeypatch.setattr(worker_module, "MIN_SECONDS", 0)


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


def build(folder, workers=None, **options):
    return builder.build(project.load_project(folder), now=NOW, workers=workers, **options)


def twins(folder, **options):
    """The same show twice."""
    show = small(folder, **options)
    shutil.copytree(show, show.with_name("twin"))
    return show, show.with_name("twin")


def outcome(done):
    return {key: output.sha256 for key, output in done.outputs.items()}, done.lock, done.problems, done.files_written


def test_a_cluster_gives_the_same_bytes(cluster, tmp_path):
    ones, twos = twins(tmp_path / "show", episodes=EPISODES)
    alone = build(ones)
    with connect_cluster(cluster.scheduler_address, twos) as workers:
        together = build(twos, workers)
    assert outcome(alone) == outcome(together)
    assert tree(ones / "build") == tree(twos / "build")


def test_a_cluster_masters(cluster, tmp_path):
    ones, twos = twins(tmp_path / "show", episodes=2)
    for folder in (ones, twos):
        with (folder / "podcast.yaml").open("a") as file:
            file.write(MASTERED)
    alone = build(ones)
    with connect_cluster(cluster.scheduler_address, twos) as workers:
        together = build(twos, workers)
    assert all(entry.loudness is not None for entry in together.lock)
    assert outcome(alone) == outcome(together)
    assert tree(ones / "build") == tree(twos / "build")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    try:
        with seaweed.Server(tmp_path_factory.mktemp("weed")) as server:
            yield server
    except seaweed.PlatformUnsupported as error:
        pytest.skip(str(error))


def bucket_show(folder, server):
    """A show whose recordings are in a bucket."""
    bucket = server.bucket().name
    show = small(folder, episodes=0)
    client = boto3.client("s3", endpoint_url=server.endpoint)
    for number in range(1, 4):
        client.upload_file(str(ROOT / "episodes/003-what-a-review-is-for.mp3"), bucket, f"{number}.mp3")
        audio = f"{{file: 's3://{bucket}/{number}.mp3', loudness: -16, reencode: true}}"
        add(show, number, recording=None, audio=audio)
    record_consent(ConsentKind.BUCKET, show, f"s3://{bucket}")
    return show


def test_recordings_in_a_bucket_are_fetched_by_the_workers(cluster, server, tmp_path, monkeypatch):
    environment = server.environment() | {"AWS_ENDPOINT_URL": server.endpoint}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ones = bucket_show(tmp_path / "one/show", server)
    twos = shutil.copytree(ones, tmp_path / "two/show")
    for bucket in {episode.audio.bucket for episode in project.load_project(ones).episodes}:
        record_consent(ConsentKind.BUCKET, twos, bucket)
    alone = build(ones)
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        client.run(worker_tasks.set_variables, dict.fromkeys(environment, "") | {"AWS_EC2_METADATA_DISABLED": "true"})
        with connect_cluster(cluster.scheduler_address, twos) as workers, pytest.raises(InvalidInput) as refused:
            build(twos, workers)
        assert {problem.code for problem in refused.value.problems} == {"cluster.files"}
        assert not list((twos / "build").glob("media/*/*.mp3"))
        client.run(worker_tasks.set_variables, environment)
    fetched = []
    monkeypatch.setattr(S3Store, "fetch", lambda *_: fetched.append(1))
    with connect_cluster(cluster.scheduler_address, twos) as workers:
        together = build(twos, workers)
    assert fetched == []  # not by this process
    assert all(entry.loudness is not None for entry in together.lock)
    assert outcome(alone)[:3] == outcome(together)[:3]
    assert tree(ones / "build") == tree(twos / "build")
    assert build(twos).files_written == 0  # what the workers mastered is kept here


def test_a_worker_of_the_cluster_that_dies_changes_nothing(cluster, tmp_path):
    ones, twos = twins(tmp_path / "show", episodes=4 * EPISODES)
    alone = build(ones)
    with connect_cluster(cluster.scheduler_address, twos) as workers:
        victim = pids_of(cluster)[0]

        def kill_one(step):
            if step.stage == "episode" and step.done == EPISODES:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)

        together = builder.build(project.load_project(twos), now=NOW, workers=workers, on_progress=kill_one)
    assert outcome(alone) == outcome(together)
    assert tree(ones / "build") == tree(twos / "build")


def pids_of(cluster):
    """The processes of the workers."""
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def test_a_worker_of_another_version_is_refused(cluster, tmp_path):
    show = small(tmp_path / "show")
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        address = next(iter(client.run(os.getpid)))
        client.run(worker_tasks.lie_about_version, "0.0.1", workers=[address])
        try:
            with pytest.raises(InvalidInput) as refused, connect_cluster(cluster.scheduler_address, show):
                pass
        finally:
            client.run(worker_tasks.lie_about_version, "", workers=[address])
    (problem,) = refused.value.problems
    assert problem.code == "cluster.version"
    assert problem.location.path.startswith("tcp://127.0.0.1")
    assert "0.0.1" in problem.text


def test_a_worker_without_the_recordings_is_refused(cluster, tmp_path, monkeypatch):
    show = small(tmp_path / "show", episodes=3)
    sizes = worker_tasks.sizes_with_others(show)
    monkeypatch.setattr("podcast_kit.builder.cluster.list_source_sizes", lambda _: sizes)
    with pytest.raises(InvalidInput) as refused, connect_cluster(cluster.scheduler_address, show):
        pass
    assert {problem.code for problem in refused.value.problems} == {"cluster.files"}
    assert len(refused.value.problems) == 2
    assert "episodes/003-talk.mp3 and 1 more" in refused.value.problems[0].text


@pytest.mark.parametrize(
    ("address", "text"),
    [("tcp://127.0.0.1:9", "does not answer"), ("scheduler:8786", "not the address"), ("tcp://", "not the address")],
)
def test_a_scheduler_that_is_not_there_is_named(address, text, tmp_path, monkeypatch):
    monkeypatch.setattr("podcast_kit.builder.cluster.SCHEDULER_TIMEOUT_S", 1)
    show = small(tmp_path / "show")
    with pytest.raises(PodcastKitError, match=text), connect_cluster(address, show):
        pass


def test_a_scheduler_without_workers_is_named(tmp_path, monkeypatch):
    wait = distributed.Client.wait_for_workers
    monkeypatch.setattr(distributed.Client, "wait_for_workers", lambda *arguments, **_: wait(*arguments, timeout=0.5))
    with (
        distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=None, host="127.0.0.1") as empty,
        pytest.raises(OperationError, match="has no workers"),
        connect_cluster(empty.scheduler_address, small(tmp_path / "show")),
    ):
        pass


def test_a_scheduler_that_is_lost_ends_the_build_in_words(tmp_path):
    show = small(tmp_path / "show", episodes=4 * EPISODES)
    with running_scheduler(tmp_path) as (address, scheduler):

        def end_scheduler(step):
            if step.stage == "episode" and step.done == EPISODES:
                scheduler.kill()

        with (
            dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
            pytest.raises(OperationError, match="was lost"),
            connect_cluster(address, show) as workers,
        ):
            builder.build(project.load_project(show), now=NOW, workers=workers, on_progress=end_scheduler)


@contextlib.contextmanager
def running_scheduler(folder):
    """The address and the process of a scheduler with one worker."""
    file, processes = folder / "scheduler.json", []

    def run(name, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{name}", "--scheduler-file", file, "--no-dashboard"]
        processes.append(subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL))

    try:
        run("scheduler", "--port", "0", "--host", "127.0.0.1")
        run("worker", "--no-nanny")
        assert interrupts.wait_until(lambda: file.exists() and file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        with distributed.Client(address, set_as_default=False, timeout=MAX_START_S) as client:
            client.wait_for_workers(1, timeout=MAX_START_S)
        yield address, processes[0]
    finally:
        for process in processes:
            process.kill()
            process.wait()
