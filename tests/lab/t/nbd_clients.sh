#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: every NBD client at hand can use the volume's NBD socket: nbdinfo, nbdcopy, qemu-img, qemu-io, fio. What was
# written is read, errors arrive as errors, a secondary refuses and says why, a server that holds back is waited for, and
# TERM answers what is under way.
# limit: 120
. "$(dirname "$0")/../topology.sh"

for program in nbdinfo nbdcopy qemu-img qemu-io fio jq; do
    command -v "$program" >/dev/null || skip "$program is missing"
done
cd "$LAB_TMP"
uri="nbd+unix:///data?socket=$LAB_TMP/sock"

serve() { # serve [OPTION...] FILE
    "$lab_bin/nbd_file" "${@:1:$#-1}" "$LAB_TMP/sock" "${@: -1}" >server.out 2>server.log &
    server=$!
    wait_for 5 "the server listens" grep -q ready server.out
}
finish() {
    kill "$server"
    local status=0
    wait "$server" || status=$?
    expect "the server's exit status" "$status" 0
    assert "its socket is gone" test ! -e sock
}
info() { # info JQ-FILTER
    nbdinfo --json "$uri" | jq -r ".exports[0]$1"
}
says() { # says COMMAND...: its output and errors, whatever its exit status
    "$@" 2>&1 || true
}

truncate -s 64M disk
head -c 40000000 /dev/urandom >source
truncate -s 64M source

serve disk
expect "size" "$(info '["export-size"]')" 67108864
expect "blocks" "$(info '| [.block_size_minimum, .block_size_preferred, .block_size_maximum] | @csv')" "1,4096,33554432"
for flag in can_flush can_fua can_trim can_zero can_fast_zero can_df can_multi_conn can_cache; do
    expect "$flag" "$(info ".$flag")" true
done
expect "contexts" "$(info '.contexts | join(" ")')" "base:allocation holdfast:dirty:beta"
expect "the list" "$(nbdinfo --list --json "nbd+unix:///?socket=$LAB_TMP/sock" | jq -r '.exports[]."export-name"')" data
expect "a hole" "$(nbdinfo --map "$uri" | awk '{print $1, $2, $4}')" "0 67108864 hole,zero"
assert "another name is refused" grep -q 'no such volume here' <(says qemu-img info "nbd+unix:///other?socket=$LAB_TMP/sock")

nbdcopy source "$uri"
assert "nbdcopy in, several connections" cmp source disk
nbdcopy "$uri" copy
assert "nbdcopy out" cmp source copy
qemu-img convert -n -f raw -O raw source "$uri"
assert "qemu-img compare" qemu-img compare -q -f raw -F raw source "$uri"
nbdinfo --map=holdfast:dirty:beta "$uri" >dirty
assert "the dirty map shows what was written" grep -qE '^ +0 +[0-9]+ +1' dirty

qemu-io -f raw -c 'write -P 7 12345 70001' -c 'read -P 7 12345 70001' -c 'write -f -P 8 1M 64k' -c 'flush' \
    -c 'write -z -u 1M 32k' -c 'read -P 0 1M 32k' -c 'read -P 8 1081344 32k' -c 'discard 2M 1M' -c 'read -P 0 2M 1M' \
    -c 'aio_write -P 9 8M 20M' -c 'aio_read -P 9 8M 4k' -c 'aio_flush' -c 'read -P 9 8M 20M' "$uri" >qemu-io.out
assert "qemu-io: patterns as written" test -z "$(grep -i -E 'fail|error' qemu-io.out)"
expect "status behind a discard" "$(nbdinfo --map "$uri" | awk '$1 <= 2097152 && 2097152 < $1 + $2 {print $3}')" 3
fio --name=verify --ioengine=nbd --uri="$uri" --rw=randrw --bsrange=512-256k --blockalign=512 --iodepth=16 \
    --verify=crc32c --size=32M --fsync=20 --output=fio.out || fail "fio: $(cat fio.out)"
fio --name=large --ioengine=nbd --uri="$uri" --rw=rw --bs=32M --iodepth=2 --size=64M --output=fio.out ||
    fail "fio, the largest requests: $(cat fio.out)"

# TERM under load: what is under way is answered, then the connection ends and the client sees it.
touch marker
fio --name=ended --ioengine=nbd --uri="$uri" --rw=randwrite --bs=64k --iodepth=8 --size=32M --time_based --runtime=60 \
    --status-interval=1 --output=last.out >/dev/null 2>&1 &
client=$!
wait_for 10 "its writes arrive" test disk -nt marker
finish
wait "$client" && fail "the client did not notice the end"

serve -d -b 512 disk
fio --name=direct --ioengine=nbd --uri="$uri" --rw=randwrite --bs=4k --iodepth=16 --verify=crc32c --size=8M \
    --output=fio.out || fail "O_DIRECT: $(cat fio.out)"
finish

serve -b 4096 disk
qemu-io -f raw -c 'write -P 5 512 512' -c 'read -P 5 512 512' "$uri" >small.out
assert "qemu-io keeps to blocks of 4096" grep -q 'wrote 512/512' small.out
finish

serve -w 300 disk
fio --name=held --ioengine=nbd --uri="$uri" --rw=randrw --bs=4k --iodepth=16 --verify=crc32c --size=16M --fsync=50 \
    --output=fio.out || fail "a server that holds back: $(cat fio.out)"
finish

serve -e 3 disk
assert "errors arrive" grep -q 'Input/output error' <(says qemu-io -f raw -c 'read 0 4k' -c 'read 0 4k' -c 'read 0 4k' "$uri")
finish

serve -s disk
assert "a secondary says why" grep -q 'secondary here' <(says qemu-img info "$uri")
assert "a second server does not take its socket" grep -q 'in use' <(says "$lab_bin/nbd_file" sock disk)
kill -KILL "$server"
wait "$server" || true
assert "the socket is left over" test -S sock
serve disk
assert "and replaced" nbdinfo --size "$uri"
finish
echo text >sock
assert "a file in its place is not" grep -q 'File exists' <(says "$lab_bin/nbd_file" sock disk)
