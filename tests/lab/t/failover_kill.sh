#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: when the whole master dies, the backup takes the address within the protocol's own time and the client goes on.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

pair
vrrp_conf d1 150
vrrp_conf d2 100
start_pair
assert "the client reaches the address" on c1 "$lab_bin/probe" -n 3 "$vip"
from=$(now_ms)
crash d1
cut d1
wait_for 3 "d2 takes the address" holds d2 "$vip"
# 361 ms from the last advert, which was up to 100 ms before the crash.
between "ms until d2 took the address (3 adverts of 100 ms and a skew of 61 ms)" "$(($(now_ms) - from))" 250 1200
assert "the client reaches the address" on c1 "$lab_bin/probe" -n 3 "$vip"
