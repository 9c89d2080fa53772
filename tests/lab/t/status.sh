#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: what "holdfast status --json" promises to scripts, and that "holdfast status" fits 80 columns.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
nat_world
ip -n d1 address del "$vip/24" dev eth0
check=$http_check service_conf
cp "$LAB_TMP/d1.conf" "$LAB_TMP/service.conf"
vrrp_conf d1 150
cat "$LAB_TMP/service.conf" >>"$LAB_TMP/d1.conf"
start_director d1 "$LAB_TMP/d1.conf"
wait_for 10 "d1 is master" holds d1 "$vip"
wait_for 12 "both real servers" both_serve
expect schema "$(status_of d1 .schema)" 1
for key in name state interface vrid version priority effective_priority master_address addresses since transitions counters; do
    assert "vrrp[0].$key" status_of d1 ".vrrp[0] | has(\"$key\")"
done
for key in address port fwmark protocol scheduler forwarding quorum_up sorry_active real_servers; do
    assert "virtual_servers[0].$key" status_of d1 ".virtual_servers[0] | has(\"$key\")"
done
for key in address port weight configured_weight up since checks; do
    assert "real_servers[0].$key" status_of d1 ".virtual_servers[0].real_servers[0] | has(\"$key\")"
done
for key in type up last_result latency_ms; do
    assert "checks[0].$key" status_of d1 ".virtual_servers[0].real_servers[0].checks[0] | has(\"$key\")"
done
expect state "$(status_of d1 '.vrrp[0].state')" MASTER
expect "the real server is up" "$(status_of d1 '.virtual_servers[0].real_servers[0].up')" true
"$holdfast" --run-dir "$LAB_TMP/d1.run" status >"$LAB_TMP/status.text"
grep -q VI_1 "$LAB_TMP/status.text" || fail "no instance in: $(cat "$LAB_TMP/status.text")"
grep -q 10.0.0.11 "$LAB_TMP/status.text" || fail "no real server in: $(cat "$LAB_TMP/status.text")"
longest=$(awk 'length > m {m = length} END {print m}' "$LAB_TMP/status.text")
((longest <= 80)) || fail "$longest columns: $(cat "$LAB_TMP/status.text")"
crash r1
wait_for 8 "status says r1 is down" status_is d1 '.virtual_servers[0].real_servers[] | select(.address == "10.0.0.11") | .up' false
stop d1
status=0
"$holdfast" --run-dir "$LAB_TMP/d1.run" status >"$LAB_TMP/said" 2>&1 || status=$?
expect "no daemon: exit status" "$status" 5
