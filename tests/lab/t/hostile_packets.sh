#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: hostile and broken adverts (truncated, wrong checksum, TTL, version, type, VRID, address count, our own
# reflected) are counted by reason and never change a state, of the master or of the backup.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
pair
vrrp_conf d1 150
vrrp_conf d2 100
start_pair
before=$(status_of d1 '.vrrp[0].transitions')
send() { on c1 "$lab_bin/vrrp_send" -n 20 "$@"; }
counted() { [[ $(status_of "$1" ".vrrp[0].counters[\"$2\"]") -ge 20 ]]; }
# flaw: what is counted, the options, the pretended source
while IFS='|' read -r reason options source; do
    # shellcheck disable=SC2086
    send $options eth0 "${source:-192.0.2.9}" "$vip"
    for director in d1 d2; do
        wait_for 2 "$director counts $reason" counted "$director" "$reason"
    done
    assert "d1 is master after $reason" status_is d1 '.vrrp[0].state' MASTER
    assert "d2 is backup after $reason" status_is d2 '.vrrp[0].state' BACKUP
done <<'FLAWS'
ttl-not-255|-t 254
checksum|-x
packet-length|-l 6
packet-length|-k 200
version|-v 2 -a 1
type|-y 3
FLAWS
send -i 99 eth0 192.0.2.9 "$vip"
on c1 "$lab_bin/vrrp_send" -n 20 -p 150 eth0 192.0.2.1 "$vip" # d1's own, reflected
hold_for 1 "d1 stays master" holds d1 "$vip"
assert "d2 stays backup" lacks d2 "$vip"
expect "d1's transitions" "$(status_of d1 '.vrrp[0].transitions')" "$before"
