#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a volume as a kernel nbd device keeps a mounted filesystem through any number of kills of its server:
# requests wait, go on, and nothing is lost or changed. The name /dev/holdfast/NAME stays; a server that is merely slow
# is not cut off; a new size arrives; TERM takes the device away.
# needs: ipvs
# limit: 150
# The driver's netlink family is in the first network namespace only.
[[ ${LAB_WORLD:-} ]] || exec 9</proc/self/ns/net
. "$(dirname "$0")/../topology.sh"

modprobe -q nbd nbds_max=0 || [ -d /sys/module/nbd ] || skip "this kernel has no nbd"
# shellcheck disable=SC2034 # for device.sh
volume=by-nbd front_option=-k node_prefix=/dev/nbd give_up="nbd-client -d /dev/nbd0"
. "$(dirname "$0")/../device.sh"

size_is() {
    [[ $(blockdev --getsize64 "$device") == "$1" ]]
}
truncate -s 128M disk
kill -HUP "$server"
wait_for 5 "the new size" size_is 134217728
kill -TERM "$server"
wait "$server" || true
wait_for 5 "TERM takes the device away" gone
