#!/usr/bin/env bash
# The summary of check.yml, on what `check` says of nodes in folders in every condition: no machine is needed. Sourced by tests/ansible/run.
# shellcheck disable=SC2154  # repository, venv, playbooks: of those that it is sourced with

summaries() {
    folder=$(mktemp -d "${TMPDIR:-/tmp}/summary.XXXXXX")
    held=''
    trap '[[ ! $held ]] || kill -KILL $held; rm -rf "$folder"' EXIT
    # By the name of its program a run that is under way is known.
    install -m 0755 "$REKINDLE_BINARY" "$folder/rekindle"
    local name all=(well expired external missing unfinished left-over under-way unread refused no-program)
    for name in "${all[@]}"; do
        mkdir "$folder/$name" && "$repository/scripts/materialize-node" ecdsa-p256-stacked "$folder/$name"
        # shellcheck disable=SC2016 # the wrapper's
        printf '#!/bin/sh\nexec %q --root %q "$@"\n' "$folder/rekindle" "$folder/$name" >"$folder/$name.program"
        chmod +x "$folder/$name.program"
    done
    for name in well external missing left-over under-way unread; do recovers "$name"; done
    rm "$folder/external/etc/kubernetes/pki/etcd/ca.key" "$folder"/{external,missing}/etc/kubernetes/pki/apiserver.crt
    disturbed unfinished renameat:signal=SIGKILL:when=6 --yes
    disturbed left-over fsync:signal=SIGKILL:when=4 --yes --force --validity 9000h
    disturbed under-way renameat:signal=SIGSTOP:when=1 --yes --force --validity 9000h &
    under_way || fail 'the run that was to be held at its first file is not there'
    echo damaged >"$folder/unread/var/lib/rekindle/journal/20260101T000000.000Z-abcdef.jsonl"
    rm -r "$folder/refused" "$folder/no-program.program"
    {
        printf 'all:\n  vars: {ansible_connection: local, ansible_python_interpreter: %s, rekindle_become: false}\n' "$venv/bin/python"
        printf '  children:\n    control_planes:\n      hosts:\n'
        for name in "${all[@]}"; do echo "        $name: {rekindle_binary: $folder/$name.program}"; done
        printf '    workers: {hosts: {}}\n'
    } >"$folder/inventory.yml"
    "$venv/bin/ansible-playbook" -i "$folder/inventory.yml" "$playbooks/check.yml" >"$folder/said" 2>&1 || { cat "$folder/said"; fail 'check.yml'; }
    # Long lines are folded.
    sed -n '/^TASK .Which node/,$p' "$folder/said" | tr -s ' \n' ' ' >"$folder/line"
    said 'well: well'
    said 'expired: all 13 certificates expired; next: recover.yml'
    said 'missing: 1 of 16 need something: missing apiserver; next: recover.yml'
    said 'external: 1 of 16 need something: missing apiserver; next: recover.yml'
    said 'unfinished: UNFINISHED run [0-9TZ.a-f-]+; next, there: rekindle resume, or rekindle rollback'
    said 'left-over: LEFT OVER from run [0-9TZ.a-f-]+, interrupted before it changed anything; next, there: rekindle rollback'
    said "under-way: UNDER WAY: a rekindle works on it now .pid $held.; next: check.yml, when that has ended"
    said 'unread: NOT JUDGED .exit 1.: .*20260101T000000.000Z-abcdef.*; next, there: rekindle check'
    said 'no-program: NO PROGRAM: rekindle_binary cannot be started there; next: install the package, or set rekindle_source'
    said 'refused: NOT JUDGED .exit 3.: refused .cannot-read.: .* does not exist; next, there: rekindle check'
    expect 'each has one line' test "$(grep -oE '(next, there|next): |well: well' "$folder/line" | wc -l)" = ${#all[@]}
    kill -KILL "$held"
    held=''
    wait
    rm -rf "$folder"
    trap - EXIT
}

recovers() {
    "$folder/rekindle" --root "$folder/$1" recover --yes --quiet || fail "$1 is not recovered"
}

# disturbed NODE FAULT ARGUMENT...: a run of `recover` there, with that fault in strace's words
disturbed() {
    local node=$1 fault=$2
    shift 2
    (strace -f -o /dev/null -e "trace=${fault%%:*}" -e "inject=$fault" "$folder/rekindle" --root "$folder/$node" recover --quiet "$@" || :) >/dev/null 2>&1
}

# Sets $held to the process that works on the node.
under_way() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        held=$("$folder/rekindle" --root "$folder/under-way" check -o json | jq -r '.workingPid // empty') || :
        [[ ! $held || $(ps -o stat= "$held") != [tT]* ]] || return 0
        sleep 0.1
    done
    return 1
}

said() {
    expect "the summary: ${1%%:*}" grep -qE -- "$1" "$folder/line"
}
