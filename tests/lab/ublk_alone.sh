#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a volume as a ublk device keeps a mounted filesystem through any number of kills of its server: requests
# wait, go on, and nothing is lost or changed. The name /dev/holdfast/NAME stays; a server that is merely slow is waited
# for; TERM takes the device away.
#
# Not among the suite's tests, because a killed ublk server can bring down Debian's 6.12 kernel, and with it everything
# else in the guest (a request on its way to the dying process: NULL pointer in io_fallback_tw). Run it by itself:
# tests/lab/lab bash tests/lab/ublk_alone.sh
[[ ${LAB_WORLD:-} ]] || exec 9</proc/self/ns/net
. "$(dirname "$0")/topology.sh"

modprobe -q ublk_drv || [ -e /dev/ublk-control ] || skip "this kernel has no ublk"
# shellcheck disable=SC2034 # for device.sh
volume=by-ublk front_option=-U node_prefix=/dev/ublkb give_up=true
. "$(dirname "$0")/device.sh"
kill -TERM "$server"
wait "$server" || true
wait_for 5 "TERM takes the device away" gone
