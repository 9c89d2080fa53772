#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a reload applies what changed and touches nothing else; without a change it sends not one changing netlink
# message; with an error the old configuration stays in force and the diagnostics are told.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
quiet_reload() { # quiet_reload FILE: how many changing requests a reload sends
    spawn d1 "$lab_bin/nlcount" nlmon0 2500 >"$LAB_TMP/nlcount.out" 2>"$LAB_TMP/nlcount.err"
    wait_for 3 "nlcount listens" grep -q ready "$LAB_TMP/nlcount.err"
    reload d1
    wait "$spawned"
    tail -n 1 "$LAB_TMP/nlcount.out"
}
nat_world
ip -n d1 address del "$vip/24" dev eth0
ip -n d1 link add nlmon0 type nlmon
ip -n d1 link set nlmon0 up
service_conf
cp "$LAB_TMP/d1.conf" "$LAB_TMP/service.conf"
vrrp_conf d1 150
cat "$LAB_TMP/service.conf" >>"$LAB_TMP/d1.conf"
cp "$LAB_TMP/d1.conf" "$LAB_TMP/good.conf"
start_director d1 "$LAB_TMP/d1.conf"
wait_for 10 "d1 is master" holds d1 "$vip"
wait_for 12 "both real servers" both_serve
transitions=$(status_of d1 '.vrrp[0].transitions')

pause 6 # the announcements of the new master are over
expect "reload without a change" "$(quiet_reload)" "0 changes"
assert "still master" status_is d1 '.vrrp[0].state' MASTER

sed -i "s|192.0.2.100/24|192.0.2.100/24\n        192.0.2.101/24|" "$LAB_TMP/d1.conf"
changes=$(quiet_reload)
assert "the new address came" holds d1 192.0.2.101
assert "the old one stayed" holds d1 "$vip"
between "changing requests for one address" "${changes% changes}" 1 2
expect "no transition" "$(status_of d1 '.vrrp[0].transitions')" "$transitions"

sed -i 's/lb_algo rr/lb_algo wrr/; /10.0.0.12/,/}/s/TCP_CHECK/weight 5\n        TCP_CHECK/' "$LAB_TMP/d1.conf"
reload d1
wait_for 5 "the new weight" ipvs_has d1 '-r 10.0.0.12:80 -m -w 5'
assert "the new scheduler" ipvs_has d1 "^-A -t $vip:80 -s wrr"
assert "the other server stayed in" ipvs_has d1 '-r 10.0.0.11:80 -m -w 1'

sed 's/priority 150/priority 300/' "$LAB_TMP/good.conf" >"$LAB_TMP/d1.conf"
expect "reload with an error" "$(quiet_reload)" "0 changes"
assert "the error is told" grep -q 'd1.conf:[0-9]*:[0-9]*: error: ' "$LAB_TMP/d1.log"
assert "the old configuration stays" ipvs_has d1 '-r 10.0.0.12:80 -m -w 5'
assert "the old addresses stay" holds d1 192.0.2.101

cp "$LAB_TMP/good.conf" "$LAB_TMP/d1.conf"
reload d1
wait_for 5 "back to the first configuration" ipvs_has d1 '-r 10.0.0.12:80 -m -w 1'
wait_for 5 "without the second address" lacks d1 192.0.2.101
