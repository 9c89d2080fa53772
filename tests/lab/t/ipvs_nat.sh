#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: masquerading (lb_kind NAT) serves real HTTP over IPv4 and IPv6, spread by weight, as counted on the servers.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"

lan out
lan in
host c1 out 192.0.2.9/24 2001:db8::9/64
host d1 out 192.0.2.1/24 192.0.2.100/24 2001:db8::1/64 2001:db8::100/64
link d1 in 10.0.0.1/24 fd00::1/64
sysctl_on d1 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
for i in 1 2; do
    host "r$i" in "10.0.0.1$i/24" "fd00::1$i/64"
    route "r$i" default via 10.0.0.1
    route "r$i" default via fd00::1
    real_server "r$i"
done

cat >"$LAB_TMP/d1.conf" <<'CONF'
virtual_server 192.0.2.100 80 {
    delay_loop 1
    lb_algo wrr
    lb_kind NAT
    protocol TCP
    real_server 10.0.0.11 80 {
        weight 3
        TCP_CHECK {
            connect_timeout 1
        }
    }
    real_server 10.0.0.12 80 {
        weight 1
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
virtual_server 2001:db8::100 80 {
    delay_loop 1
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server fd00::11 80 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
    real_server fd00::12 80 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
CONF
start_director d1 "$LAB_TMP/d1.conf" -C
wait_for 10 "both servers are in the IPv4 table" ipvs_has d1 '192.0.2.100:80 -r 10.0.0.12:80 -m -w 1'
wait_for 10 "both servers are in the IPv6 table" ipvs_has d1 '\[fd00::12\]:80 -m'
assert "weight 3" ipvs_has d1 '192.0.2.100:80 -r 10.0.0.11:80 -m -w 3'
expect "wrr 3:1" "$(fetch c1 -n 40 192.0.2.100 80 | tally)" "30 r1 10 r2"
expect "r1's own count" "$(fetch r1 127.0.0.1 80 /count)" 30
expect "r2's own count" "$(fetch r2 127.0.0.1 80 /count)" 10
expect "rr over IPv6" "$(fetch c1 -n 10 2001:db8::100 80 | tally)" "5 r1 5 r2"
