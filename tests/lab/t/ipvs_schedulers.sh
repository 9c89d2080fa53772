#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: every scheduler by its name, its flags, and persistence reach the kernel as written.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

nat_world
port=1000
: >"$LAB_TMP/d1.conf"
for algo in rr wrr lc wlc sed nq sh dh mh lblc lblcr fo ovf; do
    port=$((port + 1))
    printf 'virtual_server 192.0.2.100 %s {\n    delay_loop 1\n    lb_algo %s\n    lb_kind NAT\n    protocol TCP\n' "$port" "$algo"
    printf '    real_server 10.0.0.11 80 {\n    }\n}\n'
done >>"$LAB_TMP/d1.conf"
cat >>"$LAB_TMP/d1.conf" <<'CONF'
virtual_server 192.0.2.100 2000 {
    delay_loop 1
    lb_algo sh
    sh-port
    sh-fallback
    lb_kind NAT
    protocol TCP
    real_server 10.0.0.11 80 {
    }
}
virtual_server 192.0.2.100 2001 {
    delay_loop 1
    lb_algo rr
    lb_kind NAT
    protocol TCP
    persistence_timeout 120
    real_server 10.0.0.11 80 {
    }
}
CONF
start_director d1 "$LAB_TMP/d1.conf" -C
wait_for 12 "the last service" ipvs_has d1 '192.0.2.100:2001 -r'
port=1000
for algo in rr wrr lc wlc sed nq sh dh mh lblc lblcr fo ovf; do
    port=$((port + 1))
    assert "$algo" ipvs_has d1 "^-A -t 192.0.2.100:$port -s $algo"
done
assert "flags of sh" ipvs_has d1 '^-A -t 192.0.2.100:2000 -s sh -b sh-fallback,sh-port'
assert "persistence" ipvs_has d1 '^-A -t 192.0.2.100:2001 -s rr -p 120'
