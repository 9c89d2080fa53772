#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: direct routing (lb_kind DR) serves real HTTP over IPv4 and IPv6, and UDP.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

lan lan0
host c1 lan0 192.0.2.9/24 2001:db8::9/64
host d1 lan0 192.0.2.1/24 "$vip/24" 2001:db8::1/64
ip -n d1 address add 2001:db8::100/64 dev eth0 nodad preferred_lft 0
touch "$LAB_TMP/d1.ipvs"
for i in 1 2; do
    host "r$i" lan0 "192.0.2.1$i/24" "2001:db8::1$i/64"
    sysctl_on "r$i" net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
    ip -n "r$i" address add "$vip/32" dev lo
    ip -n "r$i" address add 2001:db8::100/128 dev lo nodad
    real_server "r$i"
done
while read -r address port protocol real; do
    echo "virtual_server $address $port {"
    printf '    %s\n' "delay_loop 1" "lb_algo rr" "lb_kind DR" "protocol $protocol"
    for i in 1 2; do
        echo "    real_server $real$i $port {"
        [[ $protocol == UDP ]] || echo "        $tcp_check"
        echo "    }"
    done
    echo "}"
done >"$LAB_TMP/d1.conf" <<'SERVICES'
192.0.2.100 80 TCP 192.0.2.1
2001:db8::100 80 TCP 2001:db8::1
192.0.2.100 7 UDP 192.0.2.1
SERVICES
start_director d1 "$LAB_TMP/d1.conf" -C
wait_for 12 "IPv4 table" ipvs_has d1 '192.0.2.100:80 -r 192.0.2.12:80 -g -w 1'
wait_for 12 "IPv6 table" ipvs_has d1 '\[2001:db8::12\]:80 -g -w 1'
wait_for 12 "UDP table" ipvs_has d1 '-u 192.0.2.100:7 -r 192.0.2.12:7 -g -w 1'
wait_for 12 "both in IPv4" ipvs_has d1 '192.0.2.100:80 -r 192.0.2.11:80 -g -w 1'
wait_for 12 "both in IPv6" ipvs_has d1 '\[2001:db8::11\]:80 -g -w 1'
expect "rr over IPv4" "$(fetch c1 -n 10 "$vip" 80 | tally)" "5 r1 5 r2"
expect "rr over IPv6" "$(fetch c1 -n 10 2001:db8::100 80 | tally)" "5 r1 5 r2"
assert "UDP is answered" on c1 "$lab_bin/probe" -u 7 -n 20 -i 5000 "$vip"
