"""Cluster files: what is read, what is said of wrong ones as people see it, and that the schema agrees.

A case is `cluster_cases/NAME.yaml`, whose first comment says what is wrong, and `NAME.yaml.txt`, what is said.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from simengine.cli.main import main
from simengine.language.yaml.node import Listing, Mapping, Node, Scalar, read_yaml
from simengine.source.codes import CODES
from simengine.source.diagnostic import has_errors
from simengine.source.file import SourceFile
from simengine.source.render import render_full
from simengine.sweep.cluster_file import (
    Cluster,
    Local,
    Scheduler,
    Slurm,
    cluster_schema,
    is_cluster_file,
    read_cluster,
)
from tests.golden import check_golden

CASES = Path(__file__).parent / "cluster_cases"
FILES = sorted(CASES.glob("*.yaml"))

GOOD = {
    "scheduler: tcp://head:8786": Cluster(Scheduler("tcp://head:8786")),
    "scheduler: tls://[::1]:8786\nthreads: 4\nreconnect: 10 min\nversions: any": Cluster(
        Scheduler("tls://[::1]:8786"), threads=4, reconnect=600, same_versions=False
    ),
    "local:": Cluster(Local()),
    "local: {workers: 4, threads: 2, memory: 1.5 GiB}\nin_flight: 3\nattempts: 2": Cluster(
        Local(4, 2, 1_610_612_736), in_flight=3, attempts=2
    ),
    "slurm: {cores: 8, memory: 16G, walltime: 1-02:03:04, jobs: [0, 20]}\nwait: 2 d": Cluster(
        Slurm(8, 16_000_000_000, 93784.0, (0, 20), stop_early=600), wait=172_800
    ),
    "slurm: {cores: 1, memory: 1 GB, walltime: 10 min, jobs: 3, before: module load python, directives: [--x, --y]}": Cluster(
        Slurm(1, 10**9, 600.0, (3, 3), stop_early=60, before=("module load python",), directives=("--x", "--y"))
    ),
}  # fmt: skip


def as_json(text: str) -> Any:
    """Return what a YAML 1.2 file means: `01:00:00` is a text, no number of base 60."""

    def value(node: Node) -> Any:
        match node:
            case Listing():
                return [value(item) for item in node.items]
            case Mapping():
                return {key.text: value(item) for key, item in node.pairs}
            case Scalar() if node.empty:
                return None
        number = node.number
        return node.text if number is None else number

    node, problems = read_yaml(SourceFile("text", text))
    assert node is not None
    assert not problems
    return value(node)


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_what_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    cluster, found = read_cluster(file.name)
    assert cluster is None
    assert has_errors(found)
    assert all(d.file is not None and d.code in CODES for d in found)
    check_golden(file.with_suffix(".yaml.txt"), "\n\n".join(map(render_full, found)))


def test_every_golden_file_has_its_case() -> None:
    assert {p.name for p in CASES.glob("*.txt")} == {f"{p.name}.txt" for p in FILES}


@pytest.mark.parametrize("text", GOOD)
def test_what_is_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    assert read_cluster(path) == (GOOD[text], ())
    assert is_cluster_file(path)


def test_files_of_a_cluster_file_stand_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text("scheduler: run/scheduler.json")
    assert read_cluster(path)[0] == Cluster(Scheduler(file=tmp_path / "run" / "scheduler.json"))


@pytest.mark.parametrize(
    ("text", "threads", "wait"),
    [
        ("scheduler: tcp://a:1", 1, 60),
        ("scheduler: tcp://a:1\nthreads: 3\nwait: 1 h", 3, 3600),
        ("local: {threads: 2}", 2, 60),
        ("slurm: {cores: 8, memory: 1 GB, walltime: 1 h}", 8, None),
    ],
)
def test_threads_and_patience(text: str, threads: int, wait: float | None, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    cluster, _ = read_cluster(path)
    assert cluster is not None
    assert (cluster.threads_of_a_shard, cluster.longest_wait) == (threads, wait)


@pytest.mark.parametrize("walltime", [61, 90, 600, 3600, 86400.0])
def test_a_worker_stops_before_its_job_is_killed(walltime: float, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(f"slurm: {{cores: 1, memory: 1 GB, walltime: {walltime} s}}")
    cluster, found = read_cluster(path)
    assert cluster is not None, found
    assert isinstance(cluster.workers, Slurm)
    life, spread = cluster.workers.lifetime
    assert 0 < life - spread < life + spread <= walltime - 30


def test_the_schema_allows_what_is_read_and_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text("local: {}")
    assert main(["schema", str(path)]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema == json.loads(json.dumps(cluster_schema()))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for text in GOOD:
        validator.validate(as_json(text))
    wrong = {"everything-wrong", "misspelt-key", "key-of-another-kind", "memory-without-unit", "both-kinds", "list",
             "empty-slurm", "workers-are-no-number", "misspelt-kind"}  # fmt: skip
    for name in wrong:
        assert not validator.is_valid(as_json((CASES / f"{name}.yaml").read_text())), name


def test_check_knows_cluster_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(CASES / "misspelt-key.yaml")]) == 1
    assert "did you mean `workers`" in capsys.readouterr().err


@pytest.mark.parametrize("data", [None, b"\xff\xfe: 1"])
def test_a_file_that_cannot_be_read(data: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    if data is not None:
        path.write_bytes(data)
    cluster, found = read_cluster(path)
    assert cluster is None
    assert [d.code for d in found] == ["missing-file" if data is None else "bad-encoding"]
