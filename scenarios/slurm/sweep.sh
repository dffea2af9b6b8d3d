#!/bin/bash
# A sweep as a SLURM job array: each task of the array makes its part of the shards, on all cores it is given.
#
#     array=$(sbatch --parsable scenarios/slurm/sweep.sh scenarios/delft.yaml --sweep uncertainty --out wide)
#     sbatch --dependency=afterany:$array scenarios/slurm/assemble.sh scenarios/delft.yaml --sweep uncertainty --out wide
#
# What stands behind the script is handed on to `simengine sweep`: --sweep NAME, --runs N. The folder given by --out must be
# on a file system that all nodes share. Whatever ends a task (its wall time, a node), what it has finished is kept: submit
# the same array again, all of it, and parts that are there are passed over.
#
#SBATCH --job-name=sweep
#SBATCH --array=1-16
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=02:00:00
#SBATCH --output=%x-%A-%a.txt
# a minute before the wall time it is told to stop, as by Ctrl-C
#SBATCH --signal=B:INT@60
set -euo pipefail
# module load python; source .venv/bin/activate
exec simengine sweep "$@" --workers "$SLURM_CPUS_PER_TASK" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
