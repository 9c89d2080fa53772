#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a whole director with IPVS dies under requests and the other serves them on.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

lan lan0
host c1 lan0 192.0.2.9/24
for i in 1 2; do
    host "d$i" lan0 "192.0.2.$i/24"
    host "r$i" lan0 "192.0.2.1$i/24"
    sysctl_on "r$i" net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
    ip -n "r$i" address add "$vip/32" dev lo
    real_server "r$i"
done
vrrp_conf d1 150
vrrp_conf d2 100
lb_kind=DR service_conf
sed -i 's/10\.0\.0\./192.0.2./' "$LAB_TMP/d1.conf"
cp "$LAB_TMP/d1.conf" "$LAB_TMP/service.conf"
for i in 1 2; do
    vrrp_conf "d$i" $((200 - 50 * i))
    cat "$LAB_TMP/service.conf" >>"$LAB_TMP/d$i.conf"
    start_director "d$i" "$LAB_TMP/d$i.conf"
done
wait_for 8 "d1 is master" holds d1 "$vip"
for i in 1 2; do
    wait_for 12 "both servers at d1" ipvs_has d1 "-r 192.0.2.1$i:80 -g -w 1"
    wait_for 12 "both servers at d2" ipvs_has d2 "-r 192.0.2.1$i:80 -g -w 1"
done
expect "through d1" "$(fetch c1 -n 4 "$vip" 80 | tally)" "2 r1 2 r2"
crash d1
cut d1
wait_for 4 "the client is answered again" fetch c1 -t 300 "$vip" 80
assert "by d2" holds d2 "$vip"
assert "all are answered" fetch c1 -n 10 "$vip" 80
