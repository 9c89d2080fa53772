#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: what somebody else does to the IPVS table (ipvsadm -C, an edited weight, a removed server) is put back within
# a second and reported.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
nat_world
service_conf
start_balancer
on d1 ipvsadm -C
wait_for 2 "the emptied table is put back" both_serve
between "ms until it was" "$waited_ms" 0 1300
on d1 ipvsadm -e -t "$vip:80" -r 10.0.0.11:80 -m -w 77
wait_for 2 "the edited weight is put back" ipvs_has d1 '-r 10.0.0.11:80 -m -w 1$'
on d1 ipvsadm -d -t "$vip:80" -r 10.0.0.12:80
wait_for 2 "the removed server is put back" both_serve
on d1 ipvsadm -A -t 192.0.2.77:99 -s rr
hold_for 2 "what is not ours is left alone" ipvs_has d1 '192.0.2.77:99'
expect "the service works" "$(fetch c1 -n 4 "$vip" 80 | tally)" "2 r1 2 r2"
assert "events tell" event_seen d1 drift
