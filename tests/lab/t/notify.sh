#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: notify scripts get keepalived's exact arguments, in order, each change once; FIFO lines have its exact format.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

lan lan0
host d1 lan0 192.0.2.1/24
cat >"$LAB_TMP/script" <<'SCRIPT'
#!/bin/sh
echo "$*" >>"$(dirname "$0")/script.lines"
SCRIPT
chmod 755 "$LAB_TMP/script"
cat >"$LAB_TMP/d1.conf" <<CONF
global_defs {
    script_user root
    enable_script_security
    vrrp_notify_fifo $LAB_TMP/fifo
}
vrrp_sync_group G1 {
    group {
        VI_1
    }
    notify "$LAB_TMP/script group"
}
vrrp_instance VI_1 {
    version 3
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 0.1
    virtual_ipaddress {
        192.0.2.100/24
    }
    notify_master "$LAB_TMP/script master"
    notify_backup "$LAB_TMP/script backup"
    notify_fault "$LAB_TMP/script fault"
    notify_stop "$LAB_TMP/script stop"
    notify "$LAB_TMP/script any"
}
CONF
mkfifo "$LAB_TMP/fifo"
exec {reader}<>"$LAB_TMP/fifo"
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 6 "MASTER is told" grep -qx 'any INSTANCE VI_1 MASTER 100' "$LAB_TMP/script.lines"
on d1 ip link set eth0 down
wait_for 6 "FAULT is told" grep -qx 'any INSTANCE VI_1 FAULT 100' "$LAB_TMP/script.lines"
on d1 ip link set eth0 up
twice() { (($(grep -cx 'any INSTANCE VI_1 MASTER 100' "$LAB_TMP/script.lines") == 2)); }
wait_for 6 "MASTER is told again" twice
stop d1
wait_for 3 "the stop is told" grep -qx 'any INSTANCE VI_1 STOP 100' "$LAB_TMP/script.lines"
for line in backup master fault stop 'any INSTANCE VI_1 BACKUP 100' 'group GROUP G1 MASTER 0' 'group GROUP G1 FAULT 0'; do
    assert "'$line'" grep -qx "$line" "$LAB_TMP/script.lines"
done
expect "each instance's changes in order" "$(grep -o 'VI_1 [A-Z]*' "$LAB_TMP/script.lines" | tr '\n' ' ')" \
    "VI_1 BACKUP VI_1 MASTER VI_1 FAULT VI_1 BACKUP VI_1 MASTER VI_1 STOP "
while read -rt 0.2 -u "$reader" line; do echo "$line"; done >"$LAB_TMP/fifo.lines"
assert "FIFO: instance" grep -qx 'INSTANCE "VI_1" MASTER 100' "$LAB_TMP/fifo.lines"
assert "FIFO: group" grep -qx 'GROUP "G1" MASTER 0' "$LAB_TMP/fifo.lines"
assert "FIFO: stop" grep -qx 'INSTANCE "VI_1" STOP 100' "$LAB_TMP/fifo.lines"
