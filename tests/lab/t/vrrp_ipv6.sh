#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: IPv6 virtual addresses by version 3 with Debian's keepalived as the other director, both ways round; they are
# usable at once, never preferred as a source, and neighbours learn where they moved.
# limit: 120
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

vip6=2001:db8::100

conf6() { # conf6 HOST PRIORITY
    cat >"$LAB_TMP/$1.conf" <<CONF
vrrp_instance VI_6 {
    version 3
    state BACKUP
    interface eth0
    virtual_router_id 52
    priority $2
    advert_int 0.2
    virtual_ipaddress {
        fe80::100/64
        $vip6/64
    }
}
CONF
}

mac_at_client() { # mac_at_client HOST: does c1 know the address as HOST's
    local mac
    mac=$(ip -n "$1" -o link show eth0 | sed 's|.*link/ether ||; s| .*||')
    ip -n c1 neighbour show to "$vip6" | grep -F "$mac" >/dev/null
}

reaches() { # reaches HOST: c1 pings the address, and HOST has it
    holds "$1" "$vip6" && on c1 ping -6 -c 1 -W 1 "$vip6"
}

one_round() { # one_round MASTER BACKUP: which program starts each
    conf6 d1 150
    conf6 d2 100
    "$2" d2 "$LAB_TMP/d2.conf" -P
    wait_for 8 "d2 serves while alone" reaches d2
    assert "c1 knows d2" mac_at_client d2
    "$1" d1 "$LAB_TMP/d1.conf" -P
    wait_for 8 "d1 takes over" holds d1 "$vip6"
    wait_for 5 "d2 steps back" lacks d2 "$vip6"
    wait_for 3 "c1 was told of d1" mac_at_client d1
    if [[ $1 == start_director ]]; then
        assert "the address is no source" sh -c "ip -n d1 -6 address show dev eth0 to $vip6 | grep deprecated"
        assert "the link-local one neither" sh -c "ip -n d1 -6 address show dev eth0 to fe80::100 | grep deprecated"
    fi
    stop d1
    wait_for 3 "d2 follows the resigning d1" reaches d2
    wait_for 3 "d1 keeps nothing" lacks d1 "$vip6"
    stop d2
    wait_for 3 "d2 keeps nothing" lacks d2 "$vip6"
}

pair
for machine in c1 d1 d2; do
    on "$machine" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'
done
ip -n c1 address add 2001:db8::9/64 dev eth0 nodad
ip -n d1 address add 2001:db8::1/64 dev eth0 nodad
ip -n d2 address add 2001:db8::2/64 dev eth0 nodad
one_round start_director start_keepalived
one_round start_keepalived start_director
