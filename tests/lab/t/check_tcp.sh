#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a real server whose port closes leaves the table within delay_loop, its retry and their delays, the client
# notices nothing more after that, and the server comes back after its next good check.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

nat_world
service_conf
start_balancer
hold_for 2.5 "both pass their first checks, which have no retry" both_serve
crash r2
wait_for 8 "r2 leaves" ipvs_lacks d1 '-r 10.0.0.12:80'
between "ms until r2 left (delay_loop 1, one retry after 1 s)" "$waited_ms" 500 3500
expect "only r1 answers" "$(fetch c1 -n 6 "$vip" 80 | tally)" "6 r1"
real_server r2
wait_for 4 "r2 is back" both_serve
expect "both answer" "$(fetch c1 -n 6 "$vip" 80 | tally)" "3 r1 3 r2"
