# A SLURM of one node, for tests: munged, slurmctld and slurmd started by hand, from a configuration written here.
#
# In: `source one_node.sh`, then `start_slurm DIR` and, whatever happens, `stop_slurm DIR`. Out: SLURM_CONF, exported.
#
# Nothing outside of DIR is written, no service is touched, and nothing runs on after `stop_slurm`: daemons stay in the
# foreground of a shell that is ours, so that their ids are known.

# Print why this machine cannot run a SLURM of its own, nothing where it can.
why_no_slurm() {
  if [ "$(uname -s)" != Linux ]; then
    echo "this is $(uname -s): SLURM is for Linux"
  elif [ "$(id -u)" != 0 ]; then
    echo "not root: slurmctld, slurmd and their packages need it"
  elif ! command -v slurmctld > /dev/null && ! command -v apt-get > /dev/null; then
    echo "no slurmctld here, and no apt-get to install it with"
  fi
}

# Install Debian's packages where they are not there. Services are not started: a machine that is being made has none.
install_slurm() {
  if command -v slurmctld > /dev/null && command -v slurmd > /dev/null && command -v munged > /dev/null; then
    return 0
  fi
  echo "installing slurmctld, slurmd, slurm-client and munge" >&2
  apt-get update -qq >&2 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      slurmctld slurmd slurm-client munge >&2
}

write_slurm_conf() {
  local dir=$1 host cpus memory port
  host=$(hostname -s)
  cpus=$(nproc)
  memory=$(slurmd -C | sed -n 's/.*RealMemory=\([0-9]*\).*/\1/p')
  port=$((20000 + $$ % 20000))
  cat > "$dir/slurm.conf" << CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
# no cgroups, no prologues: what a container has
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,sched_min_interval=100000,batch_sched_delay=0
SchedulerType=sched/backfill
MinJobAge=3600
# a job over its wall time is told by SIGTERM, and killed this many seconds later
KillWait=5
OverTimeLimit=0
ReturnToService=2
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=60 State=UP
CONF
}

start_slurm() {
  local dir=$1 n
  mkdir -p "$dir/state" "$dir/spool" "$dir/munge"
  chmod 755 "$dir"  # munged wants a path that others cannot write
  chmod 700 "$dir/munge"
  head -c 128 /dev/urandom > "$dir/munge/key"
  chmod 600 "$dir/munge/key"
  munged --foreground --force --socket="$dir/munge.socket" --key-file="$dir/munge/key" \
    --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" > /dev/null 2>&1 &
  echo $! > "$dir/munged.ours"
  for n in $(seq 50); do [ -S "$dir/munge.socket" ] && break; sleep 0.1; done
  write_slurm_conf "$dir"
  export SLURM_CONF=$dir/slurm.conf
  slurmctld -D -c -f "$SLURM_CONF" > "$dir/slurmctld.out" 2>&1 &
  echo $! > "$dir/slurmctld.ours"
  slurmd -D -c -f "$SLURM_CONF" > "$dir/slurmd.out" 2>&1 &
  echo $! > "$dir/slurmd.ours"
  for n in $(seq 100); do
    [ "$(sinfo --noheader --format=%T 2> /dev/null)" = idle ] && return 0
    sleep 0.2
  done
  echo "SLURM did not come up; the ends of its logs:" >&2
  tail -n 15 "$dir"/slurmctld.log "$dir"/slurmd.log "$dir"/munge/log >&2
  return 1
}

stop_slurm() {
  local dir=$1 name id n
  [ -f "$dir/slurmctld.ours" ] && timeout 10 scancel --user=root --quiet 2> /dev/null
  for name in slurmd slurmctld munged; do
    [ -f "$dir/$name.ours" ] || continue
    id=$(cat "$dir/$name.ours")
    kill -TERM "$id" 2> /dev/null
    for n in $(seq 50); do kill -0 "$id" 2> /dev/null || break; sleep 0.1; done
    kill -KILL "$id" 2> /dev/null
    wait "$id" 2> /dev/null
    rm -f "$dir/$name.ours"
  done
  return 0
}
