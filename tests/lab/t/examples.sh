#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: every example in keepalived.conf.d is accepted without a complaint.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
lan lan0
host d1 lan0 192.0.2.1/24
link d1 lan0 10.0.0.1/24
count=0
for file in "$LAB_WORLD"/../../keepalived.conf.d/*.conf; do
    status=0
    on d1 "$holdfastd" -t -f "$file" >"$LAB_TMP/said" 2>&1 || status=$?
    expect "$(basename "$file"): exit status, and $(cat "$LAB_TMP/said")" "$status" 0
    expect "$(basename "$file"): said" "$(grep -v 'configuration is valid' "$LAB_TMP/said" || true)" ""
    count=$((count + 1))
done
((count >= 5)) || fail "only $count examples"
