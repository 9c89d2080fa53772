#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: 200 starts and stops leave nothing behind: no process, address, file or cgroup member, and the last is as quick
# as the first.
# limit: 240
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
pair
vrrp_conf d1 255
ready() { "$holdfast" --run-dir "$LAB_TMP/d1.run" status --json && holds d1 "$vip"; }
kernel_state d1 | sort >"$LAB_TMP/before"
from=$(now_ms)
for ((cycle = 1; cycle <= 200; cycle++)); do
    start_director d1 "$LAB_TMP/d1.conf" -P
    wait_for 5 "master in cycle $cycle" ready
    stop d1
    : >"$LAB_TMP/d1.log"
    ((cycle != 20)) || first=$(($(now_ms) - from))
    ((cycle != 180)) || from=$(now_ms)
done
last=$(($(now_ms) - from))
kernel_state d1 | sort >"$LAB_TMP/after"
diff "$LAB_TMP/before" "$LAB_TMP/after" || fail "not as it was"
expect "processes left" "$(cat "$LAB_CGROUP/d1/cgroup.procs")" ""
expect "files left in the run directory" "$(find "$LAB_TMP/d1.run" ! -type d)" ""
((last < first * 2 + 500)) || fail "the last 20 cycles took $last ms, the first 20 $first ms"
