#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a virtual address that somebody deletes from the master comes back within a second and is reported.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
pair
vrrp_conf d1 150
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 5 "d1 is master" holds d1 "$vip"
for try in 1 2 3; do
    ip -n d1 address del "$vip/24" dev eth0
    wait_for 2 "the address is back ($try)" holds d1 "$vip"
    between "ms until it was" "$waited_ms" 0 1000
done
assert "still master" status_is d1 '.vrrp[0].state' MASTER
assert "events tell" event_seen d1 drift
