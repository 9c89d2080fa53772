#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a stop leaves addresses, routes, rules and tables exactly as they were found, and no file behind.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

nat_world
ip -n d1 address del "$vip/24" dev eth0
[[ ${HOLDFAST_LAB_DAEMON:-} ]] || on d1 ipvsadm -A -t 192.0.2.77:99 -s rr # keepalived clears what is not its own
service_conf
cp "$LAB_TMP/d1.conf" "$LAB_TMP/service.conf"
vrrp_conf d1 150
cat "$LAB_TMP/service.conf" >>"$LAB_TMP/d1.conf"
kernel_state d1 | sort >"$LAB_TMP/before"
start_director d1 "$LAB_TMP/d1.conf"
wait_for 10 "d1 is master" holds d1 "$vip"
wait_for 12 "both real servers" both_serve
stop d1
kernel_state d1 | sort >"$LAB_TMP/after"
diff "$LAB_TMP/before" "$LAB_TMP/after" >"$LAB_TMP/diff.log" || fail "not as it was: $(cat "$LAB_TMP/diff.log")"
expect "files left in the run directory" "$(find "$LAB_TMP/d1.run" ! -type d)" ""
