"""A sweep whose process is killed (SIGKILL) again and again at random, as a program of its own.

    python -m tests.sweep.killed STUDY FOLDER TIMES

Leaves FOLDER/whole, made undisturbed, and FOLDER/killed; prints how often work was cut short. Everything is ready before
processes are forked, so that what is killed is the work, not the start.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import simengine.sweep.plan as limits
from simengine.sweep.folder import find_done
from simengine.sweep.run import Threads
from simengine.sweep.shard import cut_shards
from simengine.sweep.study import Ways, complete_sweep, load_sweep


def main(study: str, folder: str, times: int) -> None:
    """Run the sweep once whole, and once killed so many times."""
    limits.ROWS, limits.FEWEST = 16, 16
    sweep, ways = load_sweep(study, "wide"), Ways(learns=False)
    complete_sweep(sweep, Path(folder, "whole"), Threads(2), ways=ways)
    draw, killed, partial = random.Random(5), 0, 0
    place = Path(folder, "killed")
    for _ in range(times):
        child = os.fork()
        if not child:
            complete_sweep(sweep, place, Threads(2), ways=ways)
            os._exit(0)
        enough, ended = _finished(place) + draw.randrange(4), False
        while _finished(place) < enough and not ended:  # so that it does not matter how fast the machine is
            time.sleep(0.001)
            ended = os.waitpid(child, os.WNOHANG)[0] > 0
        time.sleep(draw.uniform(0.0, 0.02))
        if ended or os.waitpid(child, os.WNOHANG)[0]:
            continue
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        killed += 1
        there = sum(find_done(place, s, thorough=True) is not None for s in cut_shards(sweep))
        partial += 0 < there < len(cut_shards(sweep))
    complete_sweep(sweep, place, Threads(2), ways=ways)
    print(json.dumps({"killed": killed, "partial": partial}))


def _finished(folder: Path) -> int:
    return sum(1 for _ in folder.glob("shards/*/*.done"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
