# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How the benchmarks print: a row with both sides' median and p99 and their ratio, and all rows as one JSON object.
# Sourced by the benchmarks after topology.sh.

# shellcheck disable=SC2034 # for the benchmarks
bench_bin=$HOLDFAST_BUILD/tests/bench
figures_objects=()

quantile() { # quantile FILE FRACTION: the smallest figure that this part of them does not exceed
    sort -g "$1" | awk -v q="$2" '{v[NR] = $1} END {i = int(NR * q + 0.999999); if (i < 1) i = 1; print v[i]}'
}

figures_row() { # figures_row TEXT HOLDFAST-FILE KEEPALIVED-FILE JSON-NAME
    local h50 h99 k50 k99 ratio
    h50=$(quantile "$2" 0.5) h99=$(quantile "$2" 0.99)
    k50=$(quantile "$3" 0.5) k99=$(quantile "$3" 0.99)
    ratio=$(awk -v h="$h50" -v k="$k50" 'BEGIN {if (k > 0 && h >= 0) printf "%.2f", h / k; else print "null"}')
    figures_objects+=("\"$4\": {\"holdfast_median\": $h50, \"holdfast_p99\": $h99, \"keepalived_median\": $k50, \"keepalived_p99\": $k99, \"ratio\": $ratio}")
    [[ ${json:-} ]] || printf '%-36s holdfast %9.3f %9.3f   keepalived %9.3f %9.3f   ratio %s\n' \
        "$1" "$h50" "$h99" "$k50" "$k99" "${ratio/null/-}"
}

figures_json() { # figures_json BENCHMARK ROUNDS
    local IFS=,
    printf '{"benchmark": "%s", "rounds": %d, "peer": "%s", "results": {%s}}\n' "$1" "$2" \
        "$(keepalived --version 2>&1 | head -n 1 | sed 's/ (.*//')" "${figures_objects[*]}"
}
