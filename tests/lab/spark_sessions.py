"""Spark for tests: a session in this process, or on a standalone master with two workers started here."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import openyibao
from openyibao.lab.spark import SETTINGS

SOURCE = Path(openyibao.__file__).parent.parent
HERE = "127.0.0.1"
QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.bindAddress": HERE,
    "spark.driver.host": HERE,
    "spark.sql.shuffle.partitions": "6",
    "spark.executor.memory": "1g",
    "spark.executorEnv.PYTHONPATH": str(SOURCE),
}
PATIENCE_SECONDS = 120


def lacking() -> str:
    """Why Spark cannot be tested here; "" where it can."""
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed (YIBAO_EXTRAS=spark ./yibao test)"
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return "Java is not installed (Debian, Ubuntu: apt-get install default-jre-headless)"
    return ""


@contextmanager
def session(master: str, folder: Path) -> Iterator[Any]:
    """A session, ended at the end."""
    from pyspark.sql import SparkSession

    os.environ |= {"SPARK_LOCAL_IP": HERE, "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    builder = SparkSession.builder.master(master).appName("openyibao tests")
    for name, value in {**SETTINGS, **QUIET, "spark.local.dir": str(folder)}.items():
        builder = builder.config(name, value)
    found = builder.getOrCreate()
    try:
        yield found
    finally:
        found.stop()


def wait_for_executors(spark: Any, count: int) -> None:
    """Wait until so many have taken up work."""
    end = time.monotonic() + PATIENCE_SECONDS
    while spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1 != count:  # the driver is one of them
        if time.monotonic() > end:
            raise RuntimeError(f"no {count} executors after {PATIENCE_SECONDS} s")
        time.sleep(0.2)


@contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """The address of a master on this machine with two workers of one core, all ended at the end."""
    with ExitStack() as stack:
        start = lambda *words: stack.enter_context(daemon(folder, *words))  # noqa: E731
        line = start("master.Master", "--host", HERE, "--port", "0", "--webui-port", "0")(r"spark://[\d.]+:\d+")
        options = ("--host", HERE, "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(folder))
        for found in [start("worker.Worker", *options, line) for _ in range(2)]:
            found("Successfully registered with master")
        yield line


@contextmanager
def daemon(folder: Path, name: str, *words: str) -> Iterator[Callable[[str], str]]:
    """A process of Spark, and a function that waits until its log has a line of a form."""
    import pyspark

    home = Path(pyspark.__file__).parent
    log = folder / f"{name}-{len(list(folder.glob('*.log')))}.log"
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": HERE, "SPARK_NO_DAEMONIZE": "1"}
    command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *words]
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT, cwd=folder)

    def wait_for(pattern: str) -> str:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and process.poll() is None:
            found = re.search(pattern, log.read_text(encoding="utf-8"))
            if found:
                return found[0]
            time.sleep(0.1)
        raise RuntimeError(f"no {pattern!r} of {name}:\n{log.read_text(encoding='utf-8')[-2000:]}")

    try:
        yield wait_for
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
