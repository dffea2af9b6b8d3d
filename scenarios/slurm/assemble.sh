#!/bin/bash
# What comes after the array of sweep.sh: makes what may still be missing, and puts the sweep together.
# It begins when all tasks have ended, well or not: --dependency=afterany:ARRAY
#
#SBATCH --job-name=assemble
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=02:00:00
#SBATCH --output=%x-%j.txt
#SBATCH --signal=B:INT@60
set -euo pipefail
# module load python; source .venv/bin/activate
exec simengine sweep "$@" --workers "$SLURM_CPUS_PER_TASK"
