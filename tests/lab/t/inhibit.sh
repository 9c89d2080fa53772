#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: inhibit_on_failure keeps a failed server in the table with weight 0 and its connections with it.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

nat_world
real=inhibit_on_failure service_conf
start_balancer
crash r2
wait_for 8 "r2 has weight 0" ipvs_has d1 '-r 10.0.0.12:80 -m -w 0'
expect "only r1 answers" "$(fetch c1 -n 4 "$vip" 80 | tally)" "4 r1"
real_server r2
wait_for 4 "r2 has its weight again" ipvs_has d1 '-r 10.0.0.12:80 -m -w 1'
