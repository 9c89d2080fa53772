#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: persistence_timeout sends a client to the same real server again.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

nat_world
service_conf "persistence_timeout 60"
start_balancer
got=$(fetch c1 -n 10 "$vip" 80 | tally)
[[ $got == "10 r1" || $got == "10 r2" ]] || fail "one server for one client: got '$got'"
