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
whole() { ipvs_has d1 '-r 10.0.0.11:80 -m -w 1$' && ipvs_has d1 '-r 10.0.0.12:80 -m -w 1$'; }
reported() { [[ $(drift_after_ms d1 "$1") ]]; }
# Looking at the table costs more than the time allowed where the kernel is emulated: the event says when it was put back.
put_back() { # put_back WHAT IPVSADM-ARGUMENT...
    local what=$1 from took
    shift
    from=$(now_ms) # it may be put back before ipvsadm has even ended
    on d1 ipvsadm "$@"
    took=$(($(now_ms) - from))
    wait_for 5 "$what is reported" reported "$from"
    between "ms until $what was put back" "$(drift_after_ms d1 "$from")" 0 $((took + 1000))
    wait_for 2 "$what is put back" whole
}
put_back "the emptied table" -C
put_back "the edited weight" -e -t "$vip:80" -r 10.0.0.11:80 -m -w 77
put_back "the removed server" -d -t "$vip:80" -r 10.0.0.12:80
on d1 ipvsadm -A -t 192.0.2.77:99 -s rr
hold_for 2 "what is not ours is left alone" ipvs_has d1 '192.0.2.77:99'
expect "the service works" "$(fetch c1 -n 4 "$vip" 80 | tally)" "2 r1 2 r2"
assert "events tell" event_seen d1 drift
