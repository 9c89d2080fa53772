#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: Debian's keepalived as the other director, both ways round, with versions 2 and 3: it is elected and followed,
# resigns and takes back, and dies.
# limit: 150
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

one_round() { # one_round MASTER BACKUP: which program starts each
    vrrp_conf d1 150
    vrrp_conf d2 100
    "$2" d2 "$LAB_TMP/d2.conf" -P
    wait_for 8 "d2 is master while alone" holds d2 "$vip"
    "$1" d1 "$LAB_TMP/d1.conf" -P
    wait_for 8 "d1 takes over" holds d1 "$vip"
    wait_for 5 "d2 steps back" lacks d2 "$vip"
    hold_for 1 "d2 stays back" lacks d2 "$vip"
    stop d1
    wait_for 3 "d2 follows the resigning d1" holds d2 "$vip"
    "$1" d1 "$LAB_TMP/d1.conf" -P
    wait_for 8 "d1 takes over again" holds d1 "$vip"
    wait_for 5 "d2 steps back again" lacks d2 "$vip"
    crash d1
    cut d1
    wait_for 8 "d2 follows the dead d1" holds d2 "$vip"
    stop d2
    mend d1
    ip -n d1 address flush dev eth0
    ip -n d1 address add 192.0.2.1/24 dev eth0
}
pair
for version in 2 3; do
    advert=0.2
    [[ $version == 3 ]] || advert=1
    one_round start_director start_keepalived
    one_round start_keepalived start_director
done
