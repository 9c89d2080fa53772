# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What must hold for a volume as a kernel device, whichever driver makes it: sourced by the tests after topology.sh.
# $front_option says which front-end tests/lab/nbd_file takes, $volume a name that no other test has (the machine's
# /dev is shared), $node_prefix what the driver's devices are called, and $give_up is a command that fails what waits
# for a server that will not come.

cd "$LAB_TMP" || exit
device=/dev/holdfast/$volume

serve() { # serve [OPTION...]
    nsenter --net=/proc/self/fd/9 "$lab_bin/nbd_file" "$front_option" -n "$volume" "$@" "$LAB_TMP/disk" >server.out 2>>server.log &
    server=$!
    wait_for 15 "the device is there" test -b "$device"
    wait_for 5 "it is served" grep -q ready server.out
}
# Whatever happens, nobody is left waiting for a server that will not come.
trap 'lab_failed; nsenter --net=/proc/self/fd/9 $give_up >/dev/null 2>&1 || true' EXIT
served() { # how often a device was served
    grep -c 'served as' server.log
}
served_again() { # served_again BEFORE
    (($(served) > $1))
}
gone() {
    [[ ! -e $device && $(cat "/sys/block/${node#/dev/}/size" 2>/dev/null || echo 0) == 0 ]]
}

truncate -s 96M disk
serve
expect "its size" "$(blockdev --getsize64 "$device")" 100663296
node=$(readlink -f "$device")
assert "a name and a number" test "$node" = "$node_prefix${node#"$node_prefix"}"
dd if=/dev/urandom of=random bs=1M count=8 status=none
dd if=random of="$device" bs=1M oflag=direct status=none
dd if="$device" of=back bs=1M count=8 iflag=direct status=none
assert "what was written is read" cmp random back
assert "and is in the file" cmp -n 8388608 random disk
blkdiscard -o 0 -l 4M "$device"
assert "a trim reaches the file" cmp -n 4194304 disk /dev/zero

# Kills under a filesystem.
mkfs.ext4 -q -E nodiscard "$node"
mkdir mnt
mount "$node" mnt
fio --name=load --directory=mnt --rw=randwrite --bsrange=4k-64k --iodepth=4 --ioengine=psync --size=24M --fsync=16 \
    --verify=crc32c --do_verify=1 --verify_fatal=1 --loops=4 --output=fio.out &
load=$!
for ((i = 0; i < 6; i++)); do
    pause 0.7
    kill -KILL "$server"
    wait "$server" 2>/dev/null || true
    pause 0.3
    before=$(served)
    serve
    wait_for 15 "taken over" served_again "$before"
    expect "the same device" "$(readlink -f "$device")" "$node"
done
status=0
wait "$load" || status=$?
expect "fio after six kills: $(grep -i -m 3 err fio.out)" "$status" 0
sync
umount mnt
assert "the filesystem is clean" fsck.ext4 -fn "$node"
expect "errors in the kernel's log" "$(dmesg | grep -c -E "I/O error.*${node#/dev/}|EXT4-fs error")" 0

# Slow, and longer than the driver's patience with a dead server.
kill -TERM "$server"
wait "$server" || true
wait_for 5 "TERM takes the device away" gone
serve -w 3500
before=$(served)
dd if=random of="$device" bs=64k count=100 oflag=direct status=none
dd if="$device" of=back bs=64k count=100 iflag=direct status=none
assert "a slow server is waited for" cmp -n 6553600 random back
expect "without a new connection" "$(served)" "$before"
