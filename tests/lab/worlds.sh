# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The worlds that most lab tests live in, sourced after topology.sh: a pair of directors on one switch, and a director
# with real servers behind it; with the configurations that go with them.

vip=192.0.2.100

# Two directors and a client on one switch.
pair() {
    lan lan0
    host c1 lan0 192.0.2.9/24
    host d1 lan0 192.0.2.1/24
    host d2 lan0 192.0.2.2/24
}

# vrrp_conf HOST PRIORITY [LINE...]: one instance VI_1 with $vip in $LAB_TMP/HOST.conf; more lines go into the instance,
# and LINEs that begin with "global:" into global_defs. Version 3 with 100 ms adverts unless $version and $advert say so.
vrrp_conf() {
    local name=$1 priority=$2 line
    shift 2
    {
        echo "global_defs {"
        echo "    router_id $name"
        for line; do [[ $line != global:* ]] || echo "    ${line#global:}"; done
        echo "}"
        echo "vrrp_instance VI_1 {"
        printf '    %s\n' "version ${version:-3}" "state ${state:-BACKUP}" "interface eth0" "virtual_router_id 51" \
            "priority $priority" "advert_int ${advert:-0.1}"
        for line; do [[ $line == global:* ]] || echo "    $line"; done
        echo "    virtual_ipaddress {"
        echo "        $vip/24"
        echo "    }"
        echo "}"
    } >"$LAB_TMP/$name.conf"
}

start_pair() { # both directors, d1 preferred, until d1 is master
    start_director d1 "$LAB_TMP/d1.conf" -P
    start_director d2 "$LAB_TMP/d2.conf" -P
    wait_for 8 "d1 is master" holds d1 "$vip"
    assert "d2 is not master" lacks d2 "$vip"
}

# A client outside, a director, real servers r1 and r2 inside; reached by masquerading at $vip.
nat_world() {
    lan out
    lan in
    host c1 out 192.0.2.9/24
    host d1 out 192.0.2.1/24 "$vip/24"
    link d1 in 10.0.0.1/24
    sysctl_on d1 net.ipv4.ip_forward=1
    touch "$LAB_TMP/d1.ipvs"
    local i
    for i in 1 2; do
        host "r$i" in "10.0.0.1$i/24"
        route "r$i" default via 10.0.0.1
        real_server "r$i" -s "$LAB_TMP/r$i.status"
    done
}

# service_conf [LINE...]: a virtual server at $vip with r1 and r2, in $LAB_TMP/d1.conf. LINEs go into it before the real
# servers; $check is the checker's block, $real more lines for each real server.
service_conf() {
    local line i
    {
        echo "virtual_server ${service:-$vip 80} {"
        printf '    %s\n' "delay_loop ${delay_loop:-1}" "lb_algo ${lb_algo:-rr}" "lb_kind ${lb_kind:-NAT}" \
            "protocol ${protocol:-TCP}"
        for line; do echo "    $line"; done
        for i in 1 2; do
            echo "    real_server 10.0.0.1$i ${real_port-80} {"
            [[ ! ${real:-} ]] || echo "        $real"
            echo "        ${check:-$tcp_check}"
            echo "    }"
        done
        echo "}"
    } >"$LAB_TMP/d1.conf"
}

tcp_check="TCP_CHECK {
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }"
# shellcheck disable=SC2034 # for the tests
http_check="HTTP_GET {
            url {
                path /health
                status_code 200
            }
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }"

start_balancer() { # d1 with its configuration, until both real servers are in the table
    start_director d1 "$LAB_TMP/d1.conf" -C
    wait_for 12 "r1 and r2 are in the table" both_serve
}

both_serve() {
    ipvs_has d1 "-r 10.0.0.11:80 .*-w [1-9]" && ipvs_has d1 "-r 10.0.0.12:80 .*-w [1-9]"
}

holdfast_only() { # for what keepalived does not promise
    [[ ${HOLDFAST_LAB_DAEMON:-} != *keepalived ]] || skip "needs Holdfast, was asked to run $HOLDFAST_LAB_DAEMON"
}
