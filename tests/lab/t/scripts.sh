#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: scripts run as their user, in order, and cannot hold anything up; a hanging one ends with the daemon or with
# its runner; FIFOs are made, read by their script and removed; a file in a FIFO's place is refused and left; a killed
# runner is replaced and its successor removes what it made.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

lan lan0
host d1 lan0 192.0.2.1/24
mkdir -m 777 "$LAB_TMP/out"
cat >"$LAB_TMP/who" <<SCRIPT
#!/bin/sh
sleep 0.1
echo "\$* \$(id -u) \$(id -G) \$HOLDFAST_PREV_STATE \$HOLDFAST_REASON" >>$LAB_TMP/out/who
SCRIPT
cat >"$LAB_TMP/hang" <<SCRIPT
#!/bin/sh
echo \$\$ >>$LAB_TMP/out/hanging
trap '' TERM
while :; do sleep 1; done
SCRIPT
cat >"$LAB_TMP/plain" <<SCRIPT
echo "plain \$*" >>$LAB_TMP/out/plain
SCRIPT
cat >"$LAB_TMP/reader" <<SCRIPT
#!/bin/sh
while read -r line; do echo "\$line"; done <"\$1" >>$LAB_TMP/out/read
SCRIPT
chmod 755 "$LAB_TMP/who" "$LAB_TMP/hang" "$LAB_TMP/plain" "$LAB_TMP/reader"
echo precious >"$LAB_TMP/taken"

instance() { # instance NAME VRID ADDRESS
    cat <<CONF
vrrp_instance $1 {
    version 3
    interface eth0
    virtual_router_id $2
    priority 100
    advert_int 0.1
    virtual_ipaddress {
        $3/24
    }
CONF
}
{
    cat <<CONF
global_defs {
    script_user nobody
    vrrp_notify_fifo $LAB_TMP/fifo
    vrrp_notify_fifo_script "$LAB_TMP/reader" root
    notify_fifo $LAB_TMP/taken
}
CONF
    instance VI_1 51 192.0.2.100
    echo "    notify \"$LAB_TMP/who\""
    echo "    notify_stop \"$LAB_TMP/plain stop\""
    echo "}"
    instance VI_2 52 192.0.2.101
    echo "    notify_backup \"$LAB_TMP/hang\""
    echo "    notify_master \"$LAB_TMP/who never-runs\""
    echo "}"
} >"$LAB_TMP/d1.conf"
start_director d1 "$LAB_TMP/d1.conf" -P

nobody="$(id -u nobody) $(id -g nobody)"
wait_for 6 "the script ran as nobody, with the cause" \
    grep -qx "INSTANCE VI_1 MASTER 100 $nobody BACKUP [a-z-]*" "$LAB_TMP/out/who"
wait_for 3 "another script hangs" test -s "$LAB_TMP/out/hanging"
assert "and held up no address" holds d1 192.0.2.101
assert "while its own queue waits" test "$(grep -c never-runs "$LAB_TMP/out/who")" = 0
wait_for 3 "the FIFO's script reads" grep -qx 'INSTANCE "VI_1" MASTER 100' "$LAB_TMP/out/read"
assert "the FIFO is one" test -p "$LAB_TMP/fifo"
wait_for 3 "a file in place of a FIFO is refused" grep -q "$LAB_TMP/taken: exists and is not a FIFO" "$LAB_TMP/d1.log"
expect "and left" "$(cat "$LAB_TMP/taken")" precious

kill -TERM "$(pid_of d1)"
wait_for 8 "all of it has ended, also what hangs" ended d1
assert "the script without #! ran through the shell" grep -qx 'plain stop' "$LAB_TMP/out/plain"
assert "the FIFO is gone" test ! -e "$LAB_TMP/fifo"
expect "the file stays" "$(cat "$LAB_TMP/taken")" precious

: >"$LAB_TMP/out/hanging"
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 6 "the master again" holds d1 192.0.2.100
wait_for 3 "a script hangs again" test -s "$LAB_TMP/out/hanging"
kill -KILL "$(room_pid d1 runner)"
wait_for 5 "a new runner" room_pid d1 runner
dead() { ! kill -0 "$1"; }
wait_for 6 "a script that outlives its runner is killed" dead "$(cat "$LAB_TMP/out/hanging")"
pause 0.5
on d1 ip link set eth0 down
wait_for 6 "scripts run again" grep -q "INSTANCE VI_1 FAULT 100 $nobody" "$LAB_TMP/out/who"
wait_for 3 "lines are read again" grep -qx 'INSTANCE "VI_1" FAULT 100' "$LAB_TMP/out/read"

stop d1
assert "the FIFO that the killed one made is gone" test ! -e "$LAB_TMP/fifo"
