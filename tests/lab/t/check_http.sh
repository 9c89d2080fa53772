#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: HTTP_GET judges by status and by digest, of the lab's server and of nginx, and takes a server out that answers
# wrongly though its port is open.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

nat_world
check=$http_check service_conf
start_balancer
echo 500 >"$LAB_TMP/r1.status"
wait_for 8 "r1 (status 500) leaves" ipvs_lacks d1 '-r 10.0.0.11:80'
rm "$LAB_TMP/r1.status"
wait_for 5 "r1 is back" both_serve
stop d1

mkdir -p "$LAB_TMP/www"
echo "all is well" >"$LAB_TMP/www/health"
chmod -R a+rX "$LAB_TMP/www"
cat >"$LAB_TMP/nginx.conf" <<CONF
daemon off;
master_process off;
pid $LAB_TMP/nginx.pid;
error_log stderr;
events {
}
http {
    access_log off;
    client_body_temp_path $LAB_TMP/www;
    server {
        listen 10.0.0.11:8080;
        root $LAB_TMP/www;
    }
}
CONF
start r1 nginx -c "$LAB_TMP/nginx.conf" -e stderr
digest=$(openssl dgst -md5 -r "$LAB_TMP/www/health" | sed 's/ .*//')
cat >"$LAB_TMP/d1.conf" <<CONF
virtual_server $vip 80 {
    delay_loop 1
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 10.0.0.11 8080 {
        HTTP_GET {
            url {
                path /health
                digest $digest
            }
            url {
                path /none
                status_code 404
            }
            connect_timeout 2
            retry 1
            delay_before_retry 1
        }
    }
}
CONF
start_director d1 "$LAB_TMP/d1.conf" -C
wait_for 12 "nginx is in the table" ipvs_has d1 '-r 10.0.0.11:8080 -m -w 1'
echo "all is different" >"$LAB_TMP/www/health"
wait_for 10 "nginx (another digest) leaves" ipvs_lacks d1 '-r 10.0.0.11:8080'
