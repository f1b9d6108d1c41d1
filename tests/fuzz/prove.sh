#!/bin/sh
# prove.sh [RUNS [TARGET...]]: does fuzzing find a fault that is known to be there? Builds every fuzz target with
# -DQD_PLANTED_FAULT under build/prove, fuzzes it from its seeds for at most RUNS inputs (default 3000000) and wants the
# trap; then runs the plain corpus through it, which must stay quiet: no seed may give the fault away.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
runs=${1:-3000000}
[ $# -gt 0 ] && shift
flags=$(python3 -c 'import json
for p in json.load(open("CMakePresets.json"))["configurePresets"]:
    if p["name"] == "fuzz":
        print(p["cacheVariables"]["CMAKE_C_FLAGS_FUZZ"])')
cmake --preset fuzz -B build/prove -DCMAKE_C_FLAGS_FUZZ="$flags -DQD_PLANTED_FAULT" >/dev/null
passed=0
failed=0
for source in tests/fuzz/fuzz_*.c; do
    name=${source##*/fuzz_}
    name=${name%.c}
    if [ $# -gt 0 ]; then
        case " $* " in
        *" $name "*) ;;
        *) continue ;;
        esac
    fi
    if ! grep -q 'FUZZ_PLANT\|QD_PLANTED_FAULT' "$source"; then
        printf '%-16s has no planted fault\n' "$name"
        failed=$((failed + 1))
        continue
    fi
    ninja -C build/prove "fuzz_$name" >build/prove/"$name.build.log" 2>&1 || {
        tail -n 20 build/prove/"$name.build.log"
        failed=$((failed + 1))
        continue
    }
    work=build/prove/corpus/$name
    rm -rf "$work"
    mkdir -p "$work"
    seeds=
    [ -d "tests/fuzz/corpus/$name" ] && seeds=tests/fuzz/corpus/$name
    # shellcheck disable=SC2086
    if [ -n "$seeds" ] && ! build/prove/bin/fuzz_$name -runs=0 $seeds >"build/prove/$name.log" 2>&1; then
        printf '%-16s a seed gives the planted fault away\n' "$name"
        failed=$((failed + 1))
        continue
    fi
    # shellcheck disable=SC2086
    if build/prove/bin/fuzz_$name -seed=1 -use_value_profile=1 -runs="$runs" -max_len=512 -timeout=5 \
        -artifact_prefix="build/prove/$name-" "$work" $seeds >"build/prove/$name.log" 2>&1; then
        printf '%-16s not found in %s inputs\n' "$name" "$runs"
        failed=$((failed + 1))
    elif grep -q 'deadly signal\|ILL\|Trap\|TRAP' "build/prove/$name.log"; then
        at=$(grep '^#[0-9]' "build/prove/$name.log" | grep -v '^#[0-9]* 0x' | tail -n 1 | sed 's/^#\([0-9]*\).*/\1/')
        printf '%-16s planted fault found after %s inputs\n' "$name" "$at"
        passed=$((passed + 1))
    else
        tail -n 20 "build/prove/$name.log"
        printf '%-16s ended otherwise\n' "$name"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
