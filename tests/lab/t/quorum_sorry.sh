#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: quorum with its hooks, and the sorry server that answers alone while the quorum is lost.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

nat_world
host s1 in 10.0.0.19/24
route s1 default via 10.0.0.1
real_server s1
cat >"$LAB_TMP/hook" <<'SCRIPT'
#!/bin/sh
echo "$*" >>"$(dirname "$0")/hook.lines"
SCRIPT
chmod 755 "$LAB_TMP/hook"
real="notify_down \"$LAB_TMP/hook down\"" service_conf "quorum 2" "sorry_server 10.0.0.19 80" \
    "quorum_up \"$LAB_TMP/hook quorum up\"" "quorum_down \"$LAB_TMP/hook quorum down\""
sed -i '1i global_defs {\n    script_user root\n}' "$LAB_TMP/d1.conf"
start_balancer
expect "two real servers" "$(fetch c1 -n 4 "$vip" 80 | tally)" "2 r1 2 r2"
crash r2
wait_for 8 "the sorry server takes over" ipvs_has d1 '-r 10.0.0.19:80'
expect "only it answers" "$(fetch c1 -n 4 "$vip" 80 | tally)" "4 s1"
wait_for 3 "the hooks were told" grep -qx "quorum down" "$LAB_TMP/hook.lines"
assert "and the server's own" grep -qx down "$LAB_TMP/hook.lines"
real_server r2
wait_for 5 "the sorry server leaves" ipvs_lacks d1 '-r 10.0.0.19:80'
wait_for 5 "both are back" both_serve
expect "two real servers again" "$(fetch c1 -n 4 "$vip" 80 | tally)" "2 r1 2 r2"
wait_for 3 "the hook was told" grep -qx "quorum up" "$LAB_TMP/hook.lines"
