#!/bin/bash
# Sweeps on a real SLURM, of one node, that is installed and started for it: the job array of scenarios/slurm and jobs by
# dask-jobqueue must leave, byte for byte, the files of a sweep on this machine. See README.md beside this.
#
#     tests/cluster/slurm.sh [PYTHON]
#
# Exit code: 0 all is the same; 1 something differs; 77 it cannot be tried here, with the reason.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${1:-$root/.venv/bin/python}
PATH=$PATH:/usr/sbin:/sbin
source "$here/one_node.sh"

cannot() {
  echo "cannot be tried here: $1"
  exit 77
}

reason=$(why_no_slurm)
[ -z "$reason" ] || cannot "$reason"
[ -x "$python" ] || cannot "there is no Python at $python: \`make\` builds it, or name one"
"$python" -c 'import numpy, distributed, dask_jobqueue' 2> /dev/null || cannot "$python has no simengine[cluster]"
install_slurm || cannot "the packages of SLURM could not be installed"

work=$(mktemp -d /tmp/simengine-slurm.XXXXXX)
failed=0
trap 'stop_slurm "$work/slurm"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# the command, as an installation would have it on the path
mkdir "$work/bin"
printf '#!/bin/sh\nexec "%s" -m simengine.cli.main "$@"\n' "$python" > "$work/bin/simengine"
chmod +x "$work/bin/simengine"
export PATH="$work/bin:$PATH" PYTHONPATH="$root" SIMENGINE_CACHE="$work/cache"
cd "$work" || exit 1

same() {
  if diff -r "$work/local" "$work/$2" > "$work/difference" 2>&1; then
    printf 'same bytes  %s\n' "$1"
  else
    printf 'DIFFERENT   %s\n' "$1"
    head -n 5 "$work/difference"
    failed=1
  fi
}

jobs_of() { squeue --noheader --format="$2" --name="$1"; }
small="--cpus-per-task=1 --mem=1G --time=5"
quick="--no-learn --no-draw" # what is learned and drawn follows from the files that are compared

"$python" -c 'import pathlib; from tests.sweep.disturbed import write_study; write_study(pathlib.Path())' || exit 1
simengine sweep ponds.yaml --out local $quick > local.txt 2>&1 || { cat local.txt; exit 1; }
echo "$(find local -name '*.done' | wc -l) shards, $(find local -type f | wc -l) files on this machine"

mkdir "$work/slurm"
start_slurm "$work/slurm" || exit 1
echo "SLURM $(sinfo --version | cut -d' ' -f2) with $(sinfo --noheader --format='%c cores on %n')"

array=$(sbatch --parsable --array=1-4 $small "$root/scenarios/slurm/sweep.sh" ponds.yaml --out array $quick)
sbatch --wait --dependency="afterany:$array" $small "$root/scenarios/slurm/assemble.sh" ponds.yaml --out array $quick > /dev/null
same "an array of 4 tasks, then an assembling job" array

array=$(sbatch --parsable --array=1-3 $small "$root/scenarios/slurm/sweep.sh" ponds.yaml --out cancelled $quick)
until find cancelled -name '*.done' 2> /dev/null | grep -q . || [ -z "$(jobs_of sweep %i)" ]; do sleep 0.05; done
scancel --signal=KILL --full "${array}_1"
scancel "${array}_3"
sbatch --wait --dependency="afterany:$array" $small "$root/scenarios/slurm/assemble.sh" ponds.yaml --out cancelled $quick > /dev/null
same "an array of which one task was killed and one cancelled" cancelled

printf 'slurm: {cores: 1, memory: 1 GB, walltime: 5 min, jobs: [1, 2]}\nin_flight: 1\n' > cluster.yaml
simengine sweep ponds.yaml --out jobs --cluster cluster.yaml $quick > jobs.txt 2>&1 || { cat jobs.txt; failed=1; }
same "jobs by dask-jobqueue" jobs
for _ in $(seq 50); do [ -z "$(jobs_of simengine %i)" ] && break; sleep 0.2; done
[ -z "$(jobs_of simengine %i)" ] || { echo "jobs are left in the queue"; squeue; failed=1; }

printf 'slurm: {cores: 1, memory: 1 GB, walltime: 5 min, jobs: 1}\nin_flight: 1\n' > cluster.yaml
simengine sweep ponds.yaml --out lost --cluster cluster.yaml $quick > lost.txt 2>&1 &
sweep=$!
until find lost -name '*.done' 2> /dev/null | grep -q . || ! kill -0 $sweep 2> /dev/null; do sleep 0.05; done
scancel --signal=KILL --full --name=simengine
wait $sweep || { cat lost.txt; failed=1; }
same "jobs by dask-jobqueue, the only one killed: another takes its place" lost

printf 'slurm: {cores: 1, memory: 1 GB, walltime: 5 min, queue: nowhere}\n' > cluster.yaml
if simengine sweep ponds.yaml --out refused --cluster cluster.yaml $quick > refused.txt 2>&1; then
  echo "a queue that is not there was taken"
  failed=1
elif grep -q "SLURM does not take the job" refused.txt && ! grep -q Traceback refused.txt; then
  echo "told       $(grep -h "SLURM does not take" refused.txt)"
else
  cat refused.txt
  failed=1
fi
exit $failed
