#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a service by firewall mark catches what the packet filter marks, on several ports.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

nat_world
on d1 nft -f - <<'RULES'
table inet lab {
    chain marks {
        type filter hook prerouting priority mangle
        ip daddr 192.0.2.100 tcp dport { 80, 81 } meta mark set 7
    }
}
RULES
service="fwmark 7" real_port=80 service_conf
start_balancer
assert "the mark's service" ipvs_has d1 '^-A -f 7 -s rr'
expect "port 80" "$(fetch c1 -n 6 "$vip" 80 | tally)" "3 r1 3 r2"
expect "port 81 goes to the same servers' port 80" "$(fetch c1 -n 6 "$vip" 81 | tally)" "3 r1 3 r2"
