"""ClickHouse and Spark count the same as DuckDB: in every row of day and episode, the truth.

No ClickHouse server can be installed here: chdb, which is ClickHouse as a library, answers behind an HTTP server that
speaks ClickHouse's interface.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.stats import CountingInput, CountingRules, DuckDBEngine, Window, count_downloads, load_agent_lists
from podcast_kit.stats.clickhouse_engine import ClickHouseEngine
from podcast_kit.stats.spark_engine import SparkEngine
from tests.support import access_logs, request_files
from tests.support.shows import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

BOGUS_REFERRERS = frozenset({"free-traffic.example"})
LISTS = load_agent_lists()
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def is_missing(*modules):
    return any(importlib.util.find_spec(module) is None for module in modules)


needs_clickhouse = pytest.mark.skipif(
    is_missing("chdb", "clickhouse_connect", "sqlglot"), reason="`make engines` has not installed chdb"
)
needs_spark = pytest.mark.skipif(
    is_missing("pyspark", "sqlglot") or not shutil.which("java"),
    reason="`make engines` has not installed PySpark, or no Java",
)


@pytest.fixture(scope="module")
def log():
    return access_logs.make_access_log()


@pytest.fixture(scope="module")
def quick_spark(tmp_path_factory):
    """Settings for a log of some hundred lines: to compile each query would take longer than to run it."""
    folder = tmp_path_factory.mktemp("spark-settings")
    lines = ["spark.sql.codegen.wholeStage false", "spark.sql.codegen.factoryMode NO_CODEGEN"]
    lines += ["spark.sql.adaptive.enabled false", "spark.sql.shuffle.partitions 2"]
    lines += [f"spark.driver.extraJavaOptions {QUICK_JAVA}"]
    lines += [f"spark.executor.extraJavaOptions {QUICK_JAVA}"]
    (folder / "spark-defaults.conf").write_text("\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield


@pytest.fixture(scope="module")
def small_log():
    return access_logs.make_access_log(1, days=3)


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory):
    command = [sys.executable, ROOT / "tests/support/clickhouse_front.py", tmp_path_factory.mktemp("chdb")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as front:
        yield f"http://127.0.0.1:{front.stdout.readline().strip()}"
        front.kill()


def count_in(engine, folder, log, window, *, has_ranges=True):
    files = request_files.write_requests(folder / f"{window}-{has_ranges}", log, has_ranges=has_ranges)
    counting = CountingInput(
        enclosures=tuple(request_files.enclosure_facts(log)),
        lists=LISTS,
        rules=CountingRules(window),
        bogus_referrers=BOGUS_REFERRERS,
    )
    return count_downloads(engine, files, counting)


def assert_equals_truth_and_duckdb(report, folder, log, window, *, has_ranges=True):
    truth = log.truth if has_ranges else log.truth_without_ranges
    assert report.total_by(lambda row: (row.day, row.guid)) == truth[window]
    with DuckDBEngine(folder / "duckdb") as engine:
        by_duckdb = count_in(engine, folder / "duckdb", log, window, has_ranges=has_ranges)
    assert report.months == by_duckdb.months


@needs_clickhouse
@pytest.mark.parametrize("window", Window)
def test_clickhouse_counts_the_truth(clickhouse, log, tmp_path, window):
    with ClickHouseEngine(clickhouse) as engine:
        report = count_in(engine, tmp_path, log, window)
        assert_equals_truth_and_duckdb(report, tmp_path, log, window)
        report = count_in(engine, tmp_path, log, window, has_ranges=False)
    assert_equals_truth_and_duckdb(report, tmp_path, log, window, has_ranges=False)


@needs_clickhouse
def test_clickhouse_keeps_nothing(clickhouse, log, tmp_path):
    with ClickHouseEngine(clickhouse) as engine:
        count_in(engine, tmp_path, log, Window.CALENDAR)
        databases = {row[0] for row in engine.fetch_rows("SELECT name FROM system.databases")}
        assert engine.database in databases
    with ClickHouseEngine(clickhouse) as other:
        assert engine.database not in {row[0] for row in other.fetch_rows("SELECT name FROM system.databases")}


@needs_clickhouse
def test_clickhouse_that_does_not_answer_is_an_error_without_its_password():
    with pytest.raises(OperationError) as raised:
        ClickHouseEngine("http://ann:secret-of-ann@127.0.0.1:9/")
    assert raised.value.text.startswith("ClickHouse: ")
    assert "secret-of-ann" not in raised.value.text + raised.value.fix


@needs_spark
@pytest.mark.usefixtures("quick_spark")
def test_spark_counts_the_truth_on_this_computer(small_log, tmp_path):
    with SparkEngine("local[2]", tmp_path / "spill", "1GB") as engine:
        report = count_in(engine, tmp_path, small_log, Window.FIRST_TOUCH)
    assert_equals_truth_and_duckdb(report, tmp_path, small_log, Window.FIRST_TOUCH)


class Cluster:
    """A standalone cluster on loopback: a master and two workers, each with one core."""

    def __init__(self, folder):
        import pyspark

        self.home = Path(pyspark.__file__).parent
        self.folder = folder
        self.processes = []
        self.url = ""

    def start(self):
        master = self.launch("org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0")
        self.url = self.wait_for(master, "Starting Spark master at ").split()[0]
        options = ("--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--work-dir", str(self.folder / "work"))
        workers = [self.launch("org.apache.spark.deploy.worker.Worker", *options, self.url) for _ in range(2)]
        for worker in workers:
            self.wait_for(worker, "Successfully registered with master ")
        return self

    def launch(self, *command):
        log = self.folder / f"{len(self.processes)}.log"
        environment = os.environ | {
            "SPARK_HOME": str(self.home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_DAEMON_JAVA_OPTS": QUICK_JAVA,
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(self.home / "bin/spark-class"), *command],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        self.processes.append(process)
        return log

    @staticmethod
    def wait_for(log, text):
        for _ in range(1800):
            content = log.read_text(errors="replace")
            if text in content:
                return content.partition(text)[2].partition("\n")[0]
            time.sleep(0.1)
        raise AssertionError(content)

    def kill(self, number):
        os.killpg(self.processes[number].pid, signal.SIGKILL)

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    try:
        yield cluster.start()
    finally:
        cluster.stop()


@needs_spark
@pytest.mark.usefixtures("quick_spark")
def test_spark_cluster_counts_the_truth_though_a_worker_is_killed(cluster, small_log, tmp_path):
    with SparkEngine(cluster.url, tmp_path / "spill", "1GB") as engine:
        create_table = engine.create_table

        def kill_a_worker_in_the_middle(name, query, *, is_view):
            create_table(name, query, is_view=is_view)
            if name == "consumers":
                assert engine.fetch_rows("SELECT COUNT(*) FROM consumers")[0][0] > 0
                cluster.kill(1)

        engine.create_table = kill_a_worker_in_the_middle
        report = count_in(engine, tmp_path, small_log, Window.CALENDAR)
    assert cluster.processes[1].wait() == -signal.SIGKILL
    assert_equals_truth_and_duckdb(report, tmp_path, small_log, Window.CALENDAR)
