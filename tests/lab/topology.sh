# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced first by every lab test: gives it an empty world of its own (mount, process and network namespaces, where
# everything ends with the test), words to describe a topology, and words to wait and to judge. Run on a kernel that
# has what the test needs: tests/lab/lab bash tests/lab/t/NAME.sh
#
#   lan lan0                            an Ethernet switch
#   host r1 lan0 10.0.0.11/24           a machine with eth0 there (more addresses may follow, IPv6 too)
#   link d1 lan1 10.1.0.1/24            one more interface: eth1, eth2, ...
#   on r1 COMMAND...                    runs a command on a machine; spawn: in the background, its process in $spawned
#   start d1 COMMAND...                 starts a daemon there, in a cgroup of its own, its output in $LAB_TMP/d1.log
#   start_director d1 FILE [OPTION...]  starts Holdfast with a configuration, or Debian's keepalived where
#   start_keepalived d1 FILE [...]      $HOLDFAST_LAB_DAEMON says so; the second one always keepalived
#   crash d1 / freeze d1 / thaw d1      kills or stops at one instant all that was started on d1
#   stop d1 / reload d1                 TERM and wait for the end; HUP
#   cut d1 [eth0] / mend d1 [eth0]      takes the switch's port down, up
#   wait_for 5 "what is awaited" COMMAND...     polls until the command succeeds; fails the test after 5 seconds
#   hold_for 2 "what must hold" COMMAND...      polls; fails the test as soon as the command fails
#   assert "what must be" COMMAND...    fails the test unless the command succeeds
#   expect "what" GOT WANTED            fails the test unless both are equal
#   fail TEXT, skip TEXT                ends the test
#
# Not here: which tests run where (suite), the programs on the machines (server.c, fetch.c, probe.c).
set -euo pipefail

# --- the test's own world -------------------------------------------------------------------------------------------

if [[ ! ${LAB_WORLD:-} ]]; then
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    export LAB_WORLD="$here"
    export HOLDFAST_BUILD=${HOLDFAST_BUILD:-$(cd "$here/../.." && pwd)/build}
    LAB_TMP=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-test.XXXXXX")
    chmod 755 "$LAB_TMP"
    export LAB_TMP
    # Not one that another test has mounted: it goes away with that test, here too.
    LAB_CGROUP=$(awk '$3 == "cgroup2" && $2 !~ /holdfast-test/ {print $2; exit}' /proc/mounts)
    LAB_CGROUP_MOUNTED=
    if [[ ! $LAB_CGROUP ]]; then
        LAB_CGROUP=$LAB_TMP/cgroup LAB_CGROUP_MOUNTED=1
        mkdir "$LAB_CGROUP"
        mount -t cgroup2 cgroup2 "$LAB_CGROUP"
    fi
    LAB_CGROUP=$LAB_CGROUP/$(basename "$LAB_TMP")
    export LAB_CGROUP
    mkdir "$LAB_CGROUP"
    # One process group leader in a pid namespace: when it ends, so does everything in it.
    unshare --mount --propagation private --pid --fork --kill-child --mount-proc --net bash "$0" "$@" &
    world=$!
    trap 'kill -KILL $world 2>/dev/null || true' TERM INT HUP
    status=0
    wait "$world" || status=$?
    wait "$world" 2>/dev/null || true
    for ((try = 0; try < 50; try++)); do # the last processes leave their cgroups a moment after the namespace
        find "$LAB_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null && break
        sleep 0.1
    done
    [[ ! $LAB_CGROUP_MOUNTED ]] || umount "${LAB_CGROUP%/*}"
    if [[ ${HOLDFAST_LAB_KEEP:-} ]]; then echo "kept: $LAB_TMP"; else rm -rf "$LAB_TMP"; fi
    exit "$status"
fi

test_name=$(basename "$0" .sh)
lab_bin=$HOLDFAST_BUILD/tests/lab
holdfastd=$HOLDFAST_BUILD/holdfastd
holdfast=$HOLDFAST_BUILD/holdfast
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
mkdir -p /run/netns
mount -t tmpfs -o mode=755 netns /run/netns
exec {lab_pause}<> <(:) # never readable: a pause without a process

lab_failed() {
    local status=$?
    [[ $status == 0 || $status == 77 ]] && return
    local log
    echo "--- what was going on in $test_name"
    for log in "$LAB_TMP"/*.log; do
        [[ -s $log ]] || continue
        echo "--- $(basename "$log")"
        tail -n "${HOLDFAST_LAB_LOG_LINES:-40}" "$log"
    done
    lab_show 2>&1 || true
}
trap lab_failed EXIT
trap 'echo "FAIL at $(basename "${BASH_SOURCE[0]}"):$LINENO: $BASH_COMMAND"' ERR

lab_show() { # the state of the machines that carry something
    local name
    for name in "${!lab_links[@]}"; do
        [[ -e $LAB_CGROUP/$name || -e $LAB_TMP/$name.show ]] || continue
        echo "--- $name: addresses"
        ip -n "$name" -brief address show
        [[ ! -s $LAB_TMP/$name.ipvs ]] || { echo "--- $name: ipvs"; on "$name" ipvsadm -Ln; }
    done
}

# --- machines and links ---------------------------------------------------------------------------------------------

declare -A lab_links=() # machine -> number of interfaces

lan() {
    ip netns add "$1"
    ip -n "$1" -batch - <<SET
link add name br0 type bridge mcast_snooping 0
link set br0 up
SET
    on "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
}

host() {
    local name=$1
    ip netns add "$name"
    on "$name" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad'
    ip -n "$name" link set lo up
    lab_links[$name]=0
    shift
    (($# == 0)) || link "$name" "$@"
}

link() {
    local name=$1 lan=$2 address dev="eth${lab_links[$1]}"
    shift 2
    lab_links[$name]=$((lab_links[$name] + 1))
    ip -n "$lan" -batch - <<SET
link add name $name-$dev type veth peer name $dev netns $name
link set $name-$dev master br0 up
SET
    {
        echo "link set $dev up"
        for address; do
            if [[ $address == *:* ]]; then
                echo "address add $address dev $dev nodad"
            else
                echo "address add $address dev $dev"
            fi
        done
    } | ip -n "$name" -batch -
}

on() {
    local name=$1
    shift
    nsenter --net="/run/netns/$name" -- "$@"
}

spawn() { # spawn HOST COMMAND...: in the background, its process in $spawned
    local name=$1
    shift
    nsenter --net="/run/netns/$name" -- "$@" &
    # shellcheck disable=SC2034 # for the test
    spawned=$!
}

route() { # route HOST WORDS...: as "ip route add"
    local name=$1
    shift
    ip -n "$name" route add "$@"
}

sysctl_on() { # sysctl_on HOST KEY=VALUE...
    local name=$1
    shift
    on "$name" sysctl -qw "$@"
}

port_of() { # port_of HOST DEV: which switch port that is, as "LAN PORT"
    local lan
    for lan in /run/netns/*; do
        lan=${lan##*/}
        [[ -e /run/netns/$lan ]] && ip -n "$lan" link show "$1-$2" >/dev/null 2>&1 && echo "$lan $1-$2" && return
    done
    fail "no port for $1 $2"
}

cut() {
    local lan port
    read -r lan port < <(port_of "$1" "${2:-eth0}")
    ip -n "$lan" link set "$port" down
}

mend() {
    local lan port
    read -r lan port < <(port_of "$1" "${2:-eth0}")
    ip -n "$lan" link set "$port" up
}

# --- daemons --------------------------------------------------------------------------------------------------------

start() {
    local name=$1
    shift
    mkdir -p "$LAB_CGROUP/$name"
    (
        echo "$BASHPID" >"$LAB_CGROUP/$name/cgroup.procs"
        exec {lab_pause}<&-
        trap - EXIT ERR
        exec nsenter --net="/run/netns/$name" -- "$@" >>"$LAB_TMP/$name.log" 2>&1 </dev/null
    ) &
    echo $! >"$LAB_TMP/$name.pid"
    disown $! # the shell has nothing to say about how it ends
}

lab_daemon() { # lab_daemon PROGRAM HOST FILE OPTION...: keepalived's command line, which is Holdfast's too
    local program=$1 name=$2 file=$3 dir=$LAB_TMP/$2.run
    shift 3
    mkdir -p "$dir"
    chmod 755 "$dir"
    set -- -n -l -D -f "$file" -p "$dir/main.pid" -r "$dir/vrrp.pid" -c "$dir/checkers.pid" "$@"
    [[ $program == keepalived ]] || set -- --run-dir "$dir" "$@"
    start "$name" "$program" "$@"
}

start_director() {
    lab_daemon "${HOLDFAST_LAB_DAEMON:-$holdfastd}" "$@"
}

start_keepalived() {
    lab_daemon keepalived "$@"
}

crash() {
    echo 1 >"$LAB_CGROUP/$1/cgroup.kill"
}

freeze() {
    echo 1 >"$LAB_CGROUP/$1/cgroup.freeze"
}

thaw() {
    echo 0 >"$LAB_CGROUP/$1/cgroup.freeze"
}

pid_of() {
    cat "$LAB_TMP/$1.pid"
}

running() {
    kill -0 "$(pid_of "$1")" 2>/dev/null
}

ended() { # nothing that was started on a machine runs any more
    local key value
    while read -r key value; do
        [[ $key != populated ]] || [[ $value != 0 ]] || return 0
    done <"$LAB_CGROUP/$1/cgroup.events"
    return 1
}

stop() { # TERM, and every process of it has ended
    kill -TERM "$(pid_of "$1")"
    wait_for "${2:-10}" "$1 has stopped" ended "$1"
}

reload() {
    kill -HUP "$(pid_of "$1")"
}

room_pid() { # room_pid HOST ROOM: the process of one room of Holdfast on a machine
    local pid words
    while read -r pid; do
        words=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) || continue
        [[ $words == *"--room $2 "* ]] && echo "$pid" && return
    done <"$LAB_CGROUP/$1/cgroup.procs"
    return 1
}

room_differs() { # room_differs HOST ROOM PID: it runs, and is another process than PID
    local pid
    pid=$(room_pid "$1" "$2") && [[ $pid != "$3" ]]
}

# --- waiting and judging --------------------------------------------------------------------------------------------

pause() { # pause SECONDS
    read -rt "$1" -u "$lab_pause" || true
}

now_ms() {
    echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

quietly() { # without output and without the ERR trap
    (
        trap - ERR EXIT
        "$@"
    ) >/dev/null 2>&1
}

wait_for() {
    local seconds=$1 what=$2 from
    from=$(now_ms)
    shift 2
    until quietly "$@"; do
        (($(now_ms) - from < seconds * 1000)) || fail "waited $seconds s for: $what ($*)"
        pause 0.03
    done
    # shellcheck disable=SC2034 # for the test that asks how long it took
    waited_ms=$(($(now_ms) - from))
}

hold_for() {
    local milliseconds what=$2 from
    milliseconds=$(awk -v s="$1" 'BEGIN {print int(s * 1000)}')
    from=$(now_ms)
    shift 2
    while (($(now_ms) - from < milliseconds)); do
        quietly "$@" || fail "ceased to hold after $(($(now_ms) - from)) ms: $what ($*)"
        pause 0.05
    done
}

assert() {
    local what=$1
    shift
    quietly "$@" || fail "$what ($*)"
}

expect() {
    [[ $2 == "$3" ]] || fail "$1: got '$2', wanted '$3'"
}

between() { # between WHAT VALUE LOW HIGH
    (($2 >= $3 && $2 <= $4)) || fail "$1: got $2, wanted $3 to $4"
}

fail() {
    trap - ERR
    echo "FAIL: $*"
    exit 1
}

skip() {
    trap - ERR
    echo "SKIP: $*"
    exit 77
}

# --- questions ------------------------------------------------------------------------------------------------------
# grep reads everything: one that left at the first match would end its source with SIGPIPE, which counts as failure.

holds() { # holds HOST ADDRESS: is the address on one of its interfaces
    ip -n "$1" -o address show | grep -F " $2/" >/dev/null
}

lacks() {
    ! holds "$@"
}

ipvs() { # the table of a machine, one line for each entry
    on "$1" ipvsadm -Sn
}

ipvs_has() { # ipvs_has HOST PATTERN: an extended expression over the lines of ipvsadm -Sn
    ipvs "$1" | grep -E -e "$2" >/dev/null
}

ipvs_lacks() {
    ! ipvs_has "$@"
}

real_server() { # real_server HOST [OPTION...]: HTTP on port 80 and a UDP echo on port 7, named after the machine
    local name=$1
    shift
    start "$name" "$lab_bin/server" "$@" "$name"
    wait_for 5 "$name serves" on "$name" "$lab_bin/fetch" -t 500 127.0.0.1 80 /count
}

fetch() { # fetch HOST [OPTION...] ADDRESS PORT [PATH]
    local name=$1
    shift
    on "$name" "$lab_bin/fetch" "$@"
}

tally() { # counts equal lines: "5 r1 3 r2", in the order of names
    sort | uniq -c | awk '{c = $1; $1 = ""; printf "%s%s%s", sep, c, $0; sep = " "} END {print ""}'
}

status_of() { # status_of HOST JQ-FILTER: what Holdfast says about itself
    "$holdfast" --run-dir "$LAB_TMP/$1.run" status --json | jq -er "$2"
}

status_is() { # status_is HOST JQ-FILTER VALUE
    [[ $(status_of "$1" "$2") == "$3" ]]
}

events_of() { # events_of HOST: what happened there, a line each
    "$holdfast" --run-dir "$LAB_TMP/$1.run" events
}

event_seen() { # event_seen HOST PATTERN
    events_of "$1" | grep -E -e "$2" >/dev/null
}

drift_after_ms() { # drift_after_ms HOST FROM-MS: from then to the first event of drift that was put back later
    "$holdfast" --run-dir "$LAB_TMP/$1.run" events --json | jq -r 'select(.reason == "drift") | .time' |
        while read -r when; do
            echo $(($(date -d "$when" +%s%3N) - $2))
        done | awk '$1 >= 0 {print $1; exit}'
}

kernel_state() { # kernel_state HOST: addresses, routes, rules and IPVS of a machine, to compare
    ip -n "$1" -o address show | sed 's/valid_lft.*//; s/\\.*//'
    ip -n "$1" route show table all
    ip -n "$1" rule show
    on "$1" ipvsadm -Sn 2>/dev/null || true
}
