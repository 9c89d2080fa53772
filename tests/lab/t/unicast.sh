#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: election by unicast adverts alone, with versions 2 and 3.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

pair
for version in 2 3; do
    advert=$((version == 2)) # 1 second, or
    [[ $advert == 1 ]] || advert=0.1
    vrrp_conf d1 150 "unicast_src_ip 192.0.2.1" "unicast_peer {" "192.0.2.2" "}"
    vrrp_conf d2 100 "unicast_src_ip 192.0.2.2" "unicast_peer {" "192.0.2.1" "}"
    start_pair
    hold_for 1 "d2 hears d1" lacks d2 "$vip"
    crash d1
    cut d1
    wait_for 5 "d2 takes the address" holds d2 "$vip"
    stop d2
    mend d1
    ip -n d1 address del "$vip/24" dev eth0
done
