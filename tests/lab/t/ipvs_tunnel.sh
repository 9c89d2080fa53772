#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: tunnelling (lb_kind TUN) serves real HTTP from servers behind a router.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

lan lan0
lan far
host c1 lan0 192.0.2.9/24
host gw lan0 192.0.2.254/24
link gw far 10.0.0.254/24
sysctl_on gw net.ipv4.ip_forward=1
host d1 lan0 192.0.2.1/24 "$vip/24"
route d1 10.0.0.0/24 via 192.0.2.254
touch "$LAB_TMP/d1.ipvs"
modprobe ipip 2>/dev/null || true
for i in 1 2; do
    host "r$i" far "10.0.0.1$i/24"
    route "r$i" default via 10.0.0.254
    ip -n "r$i" link show tunl0 >/dev/null 2>&1 || ip -n "r$i" link add tunl0 type ipip local any remote any
    ip -n "r$i" address add "$vip/32" dev tunl0
    ip -n "r$i" link set tunl0 up
    sysctl_on "r$i" net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0
    real_server "r$i"
done
lb_kind=TUN service_conf
start_balancer
assert "both are tunnelled to" ipvs_has d1 "$vip:80 -r 10.0.0.12:80 -i -w 1"
expect "rr" "$(fetch c1 -n 10 "$vip" 80 | tally)" "5 r1 5 r2"
