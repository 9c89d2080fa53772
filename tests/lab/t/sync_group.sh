#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: the instances of a sync group move together when one of them loses its link, and come back together.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

lan lan0
lan lan1
for i in 1 2; do
    host "d$i" lan0 "192.0.2.$i/24"
    link "d$i" lan1 "198.51.100.$i/24"
    cat >"$LAB_TMP/d$i.conf" <<CONF
vrrp_sync_group both {
    group {
        VI_0
        VI_1
    }
}
vrrp_instance VI_0 {
    version 3
    state BACKUP
    interface eth0
    virtual_router_id 50
    priority $((200 - 50 * i))
    advert_int 0.1
    virtual_ipaddress {
        192.0.2.100/24
    }
}
vrrp_instance VI_1 {
    version 3
    state BACKUP
    interface eth1
    virtual_router_id 51
    priority $((200 - 50 * i))
    advert_int 0.1
    virtual_ipaddress {
        198.51.100.100/24
    }
}
CONF
    start_director "d$i" "$LAB_TMP/d$i.conf" -P
done
holds_both() { holds "$1" 192.0.2.100 && holds "$1" 198.51.100.100; }
holds_none() { lacks "$1" 192.0.2.100 && lacks "$1" 198.51.100.100; }
wait_for 8 "d1 holds both" holds_both d1
assert "d2 holds none" holds_none d2
on d1 ip link set eth1 down
wait_for 4 "d2 holds both" holds_both d2
wait_for 4 "d1 holds none" holds_none d1
on d1 ip link set eth1 up
wait_for 8 "d1 holds both again" holds_both d1
wait_for 4 "d2 holds none again" holds_none d2
