#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: each mistake gets one clear line that says what and where, keepalived's exit status, and changes nothing.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
pair
mkdir "$LAB_TMP/directory"
printf '#!/bin/sh\n' >"$LAB_TMP/not-executable"
printf '#!/bin/sh\n' >"$LAB_TMP/writable" && chmod 777 "$LAB_TMP/writable"
echo "include $LAB_TMP/loop.conf" >"$LAB_TMP/loop.conf"

instance() { # instance LINE...
    printf 'vrrp_instance VI_1 {\n    interface eth0\n    virtual_router_id 51\n'
    printf '    %s\n' "$@"
    printf '    virtual_ipaddress {\n        192.0.2.100/24\n    }\n}\n'
}
service() { # service ADDRESS-AND-PORT LINE...
    printf 'virtual_server %s {\n' "$1"
    shift
    printf '    %s\n' "$@"
    printf '    real_server 10.0.0.1 80 {\n    }\n}\n'
}
refuses() { # refuses NAME STATUS PATTERN [FILE]: what -t says about the configuration in $LAB_TMP/NAME.conf
    local status=0 file=${4:-$LAB_TMP/$1.conf}
    kernel_state d1 >"$LAB_TMP/before"
    on d1 "$holdfastd" -t -f "$file" >"$LAB_TMP/said" 2>&1 || status=$?
    expect "$1: exit status" "$status" "$2"
    [[ ! $3 ]] || grep -qE -e "$3" "$LAB_TMP/said" || fail "$1: expected '$3' in: $(cat "$LAB_TMP/said")"
    expect "$1: kernel" "$(kernel_state d1)" "$(cat "$LAB_TMP/before")"
}

instance "priority 100" >"$LAB_TMP/good.conf"
refuses good 0 ''
instance "priority 300" >"$LAB_TMP/priority.conf"
refuses priority 4 'priority.conf:4:[0-9]+: error: .*1 to 255|error: .*300'
{ instance "priority 100"; instance "priority 100" | sed 's/VI_1/VI_2/'; } >"$LAB_TMP/vrid.conf"
refuses vrid 4 'error: .*51'
instance "priorty 100" >"$LAB_TMP/typo.conf"
refuses typo 0 "warning: .*priorty"
grep -q "priority" "$LAB_TMP/said" || fail "no suggestion: $(cat "$LAB_TMP/said")"
for port in 70000 -1 http-but-not-known; do
    service "192.0.2.100 $port" "lb_algo rr" "lb_kind NAT" >"$LAB_TMP/port.conf"
    refuses port 4 'port.conf:1:[0-9]+: error: '
done
service "192.0.2.100 80" "lb_algo no-such" "lb_kind NAT" >"$LAB_TMP/algo.conf"
on d1 "$holdfastd" -t -f "$LAB_TMP/algo.conf" >"$LAB_TMP/said" 2>&1 || true
grep -qE 'algo.conf:2:[0-9]+: (error|warning): .*no-such' "$LAB_TMP/said" || fail "scheduler: $(cat "$LAB_TMP/said")"
refuses loop 3 'loop.conf:1:[0-9]+: error: .*(itself|loop)'
refuses directory 3 'directory' "$LAB_TMP/directory"
refuses missing 3 'No such file' "$LAB_TMP/none.conf"
{ echo 'global_defs {'; echo '    script_user root'; echo '    enable_script_security'; echo '}'
    instance "priority 100" "notify $LAB_TMP/writable"; } >"$LAB_TMP/writable.conf"
refuses writable 5 'writable'
instance "priority 100" "notify $LAB_TMP/not-executable" >"$LAB_TMP/notexec.conf"
on d1 "$holdfastd" -t -f "$LAB_TMP/notexec.conf" >"$LAB_TMP/said" 2>&1 || true
grep -q 'not-executable' "$LAB_TMP/said" || fail "not executable: $(cat "$LAB_TMP/said")"

instance "priority 100" | sed 's/eth0/eth7/' >"$LAB_TMP/interface.conf"
status=0
on d1 timeout 10 "$holdfastd" -n -l -P -f "$LAB_TMP/interface.conf" --run-dir "$LAB_TMP/x.run" >"$LAB_TMP/said" 2>&1 || status=$?
expect "interface that is not there: exit status" "$status" 2
grep -q eth7 "$LAB_TMP/said" || fail "no interface: $(cat "$LAB_TMP/said")"
status=0
on d1 "$holdfastd" -n -l -P -f "$LAB_TMP/none.conf" --run-dir "$LAB_TMP/x.run" >"$LAB_TMP/said" 2>&1 || status=$?
expect "missing file at start: exit status" "$status" 6
status=0
on d1 setpriv --reuid 65534 --regid 65534 --clear-groups "$holdfastd" -n -l -P -f "$LAB_TMP/good.conf" --run-dir "$LAB_TMP/x.run" \
    >"$LAB_TMP/said" 2>&1 || status=$?
((status != 0)) || fail "started without permission"
[[ -s $LAB_TMP/said ]] || fail "said nothing without permission"
mkdir "$LAB_TMP/nobody.run"
chown 65534:65534 "$LAB_TMP/nobody.run"
status=0
on d1 timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups "$holdfastd" -n -l -P -f "$LAB_TMP/good.conf" \
    --run-dir "$LAB_TMP/nobody.run" >"$LAB_TMP/said" 2>&1 || status=$?
expect "no right to packet sockets: exit status" "$status" 1
expect "no right to packet sockets: lines of the room" "$(grep -c ' vrrp ' "$LAB_TMP/said")" 1
grep -q 'CAP_NET_RAW is needed' "$LAB_TMP/said" || fail "no right to packet sockets: $(cat "$LAB_TMP/said")"
status=0
"$holdfastd" --no-such-option >"$LAB_TMP/said" 2>&1 || status=$?
expect "unknown option: exit status" "$status" 1

start_director d1 "$LAB_TMP/good.conf" -P
wait_for 8 "a first instance runs" holds d1 "$vip"
status=0
on d1 "$holdfastd" -n -l -P -f "$LAB_TMP/good.conf" --run-dir "$LAB_TMP/d1.run" -p "$LAB_TMP/d1.run/main.pid" \
    -r "$LAB_TMP/d1.run/vrrp.pid" >"$LAB_TMP/said" 2>&1 || status=$?
expect "second instance: exit status" "$status" 0
grep -qi 'already running' "$LAB_TMP/said" || fail "second instance: $(cat "$LAB_TMP/said")"
assert "the first one goes on" status_is d1 '.vrrp[0].state' MASTER
