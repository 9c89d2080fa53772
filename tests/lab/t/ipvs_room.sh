#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: the ipvs room alone, its orders given by hand: the kernel's table becomes what is ordered and is touched only
# where it differs; a killed room adopts what it finds; drift is put back at once with an event; services of
# others stay; what the kernel refuses is said once; a stop leaves the table as it was found.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"

host d1
touch "$LAB_TMP/d1.show"
echo yes >"$LAB_TMP/d1.ipvs"
mkfifo "$LAB_TMP/orders"
exec {orders}<>"$LAB_TMP/orders"
(
    exec {lab_pause}<&-
    trap - EXIT ERR
    exec nsenter --net=/run/netns/d1 -- "$lab_bin/ipvs_driver" <"$LAB_TMP/orders" >>"$LAB_TMP/says.log" 2>>"$LAB_TMP/room.log"
) &

tell() {
    printf '%s\n' "$@" >&"$orders"
}

said() { # said PATTERN
    grep -qE -e "$1" "$LAB_TMP/says.log"
}

table_is() { # table_is LINES: what ipvsadm -Sn shows, in any order
    ipvs d1 >"$LAB_TMP/table.log"
    [[ "$(sed 's/ *$//' "$LAB_TMP/table.log" | sort)" == "$(sort <<<"$1")" ]]
}

status() { # status JQ-FILTER
    local before
    before=$(grep -c ^status "$LAB_TMP/says.log" || true)
    tell status
    wait_for 6 "a status" eval "(( \$(grep -c ^status '$LAB_TMP/says.log' || true) > $before ))"
    grep ^status "$LAB_TMP/says.log" | tail -n 1 | sed 's/^status //' | jq -r "$1"
}

orders() { # a complete table
    tell begin \
        'service tcp 192.0.2.100 80 wrr' \
        'dest tcp 192.0.2.100 80 10.0.0.1 80 masq 3' \
        'dest tcp 192.0.2.100 80 10.0.0.2 8080 masq 1' \
        'service udp 192.0.2.100 53 sh 0 0x18' \
        'dest udp 192.0.2.100 53 10.0.0.3 53 droute 1' \
        'service tcp 2001:db8::100 443 rr 300' \
        'dest tcp 2001:db8::100 443 2001:db8::1 443 tunnel 1' \
        'service fwm 0.0.0.0 7 lc' \
        'dest fwm 0.0.0.0 7 10.0.0.4 0 droute 1' \
        end
}
whole='-A -t 192.0.2.100:80 -s wrr
-a -t 192.0.2.100:80 -r 10.0.0.1:80 -m -w 3
-a -t 192.0.2.100:80 -r 10.0.0.2:8080 -m -w 1
-A -u 192.0.2.100:53 -s sh -b sh-fallback,sh-port
-a -u 192.0.2.100:53 -r 10.0.0.3:53 -g -w 1
-A -t [2001:db8::100]:443 -s rr -p 300
-a -t [2001:db8::100]:443 -r [2001:db8::1]:443 -i -w 1 --tun-type ipip
-A -f 7 -s lc
-a -f 7 -r 10.0.0.4:0 -g -w 1'

# somebody else's service
on d1 ipvsadm -A -t 192.0.2.55:99 -s rr
foreign='-A -t 192.0.2.55:99 -s rr'

orders
wait_for 10 "the table" table_is "$whole
$foreign"
expect "requests: one for each entry" "$(status .netlink.requests)" 9

# no change: nothing sent
orders
pause 0.5
expect "requests after the same orders" "$(status .netlink.requests)" 9
tell link
orders
pause 0.5
expect "requests after a new link" "$(status .netlink.requests)" 9

# single edits
tell 'dest tcp 192.0.2.100 80 10.0.0.1 80 masq 0' 'dest-gone tcp 192.0.2.100 80 10.0.0.2 8080' \
    'service tcp 192.0.2.100 80 wlc'
wait_for 5 "edits" ipvs_has d1 '-A -t 192.0.2.100:80 -s wlc'
assert "weight" ipvs_has d1 '-r 10.0.0.1:80 -m -w 0'
assert "dest gone" ipvs_lacks d1 '10.0.0.2'
expect "requests of three edits" "$(status .netlink.requests)" 12
orders
wait_for 5 "as before" table_is "$whole
$foreign"

# a room that was killed adopts what is there
tell kill
wait_for 6 "the room died" said killed
orders
pause 0.5
expect "requests of the new room" "$(status .netlink.requests)" 0
tell begin 'service udp 192.0.2.100 53 sh 0 0x18' 'dest udp 192.0.2.100 53 10.0.0.3 53 droute 1' end
wait_for 5 "what it owned and is not wanted goes" table_is "-A -u 192.0.2.100:53 -s sh -b sh-fallback,sh-port
-a -u 192.0.2.100:53 -r 10.0.0.3:53 -g -w 1
$foreign"
orders
wait_for 5 "the whole again" table_is "$whole
$foreign"

# drift
a_second=2500 # and what a guest on a loaded machine adds
drift() { # drift WHAT EVENT COMMAND...
    local what=$1 event=$2
    shift 2
    pause 0.5 # a look in between
    : >"$LAB_TMP/says.log"
    on d1 "$@"
    wait_for 5 "$what is put back" table_is "$whole
$foreign"
    between "ms until $what was put back" "$waited_ms" 0 $a_second
    wait_for 6 "event of $what" said "$event"
}
drift "a weight" '10.0.0.1:80: weight 9 -> weight 3 reason=drift' ipvsadm -e -t 192.0.2.100:80 -r 10.0.0.1:80 -m -w 9
drift "a removed dest" '10.0.0.2:8080: absent -> weight 1 reason=drift' ipvsadm -d -t 192.0.2.100:80 -r 10.0.0.2:8080
drift "an added dest" '10.0.0.77:80: weight 5 -> absent reason=drift' ipvsadm -a -t 192.0.2.100:80 -r 10.0.0.77:80 -m -w 5
drift "a scheduler" '192.0.2.100:80: rr -> wrr reason=drift' ipvsadm -E -t 192.0.2.100:80 -s rr
drift "a method" '10.0.0.3:53: masq -> droute reason=drift' ipvsadm -e -u 192.0.2.100:53 -r 10.0.0.3:53 -m -w 1
drift "persistence" '100:443: not persistent -> persistent 300 reason=drift' \
    nsenter --net=/run/netns/d1 -- ipvsadm -E -t '[2001:db8::100]:443' -s rr
drift "a removed service" 'absent -> lc reason=drift' ipvsadm -D -f 7
on d1 ipvsadm -C
wait_for 5 "a cleared table is put back" table_is "$whole"
between "ms until a cleared table was put back" "$waited_ms" 0 $a_second
on d1 ipvsadm -A -t 192.0.2.55:99 -s rr

# refusals
tell 'service tcp 192.0.2.100 81 nosuch' 'dest tcp 192.0.2.100 81 10.0.0.1 80 masq 1' 'service tcp 192.0.2.100 82 rr'
wait_for 6 "what follows a refused service is done" ipvs_has d1 '192.0.2.100:82'
wait_for 6 "the refusal is said" grep -q 'the kernel has no scheduler "nosuch" (module ip_vs_nosuch)' "$LAB_TMP/room.log"
pause 6
expect "times that it was said" "$(grep -c nosuch "$LAB_TMP/room.log")" 1
tell 'service-gone tcp 192.0.2.100 81' 'service-gone tcp 192.0.2.100 82'
wait_for 5 "they go" table_is "$whole
$foreign"

# a checker that dies in the middle of its list changes nothing
tell begin 'service tcp 192.0.2.100 83 rr' link
hold_for 0.5 "the table stays" table_is "$whole
$foreign"
expect "orders refused so far" "$(grep -c refused "$LAB_TMP/says.log" || true)" 0

# flush of what others made, and a clean stop
tell 'begin flush-foreign' 'service fwm 0.0.0.0 7 lc' 'dest fwm 0.0.0.0 7 10.0.0.4 0 droute 1' end
wait_for 5 "only ours" table_is '-A -f 7 -s lc
-a -f 7 -r 10.0.0.4:0 -g -w 1'
on d1 ipvsadm -A -t 192.0.2.55:99 -s rr
pause 0.6
tell stop
wait_for 6 "the room has left" said '^left 0'
expect "left behind" "$(ipvs d1 | sed 's/ *$//')" "$foreign"
