#!/usr/bin/env bash
# The end of the story: journals are collected and reported, also where hosts and records are not what they should be. Sourced by
# tests/ansible/run.
# shellcheck disable=SC2016  # what bash -c expands is the node's
# shellcheck disable=SC2154  # scratch, records, status, nodes, names: of those that it is sourced with

collected() {
    local name
    play collected collect.yml
    expect 'journals are collected and verify' test "$status" = 0
    for name in "${names[@]}"; do
        expect "an archive of $name" compgen -G "$records/archives/$name/*.tar"
        expect "nothing is left in /tmp of $name" in_node "$name" bash -c '! ls -d /tmp/rekindle-export.* 2>/dev/null | grep .'
    done
    reported
    # One that was changed on its way is not taken: the next time it is fetched anew, so the change is to the copy that is verified.
    local ticket
    ticket=$(compgen -G "$records/tickets/cp-3/*.ticket")
    cp "$ticket" "$scratch/ticket"
    sed -i '4s/^.\{4\}/AAAA/; 3s/^.\{4\}/AAAA/' "$ticket"
    play tampered collect.yml --limit cp-3
    expect 'a journal that is not that of the ticket is no journal' test "$status" != 0
    play report-tampered report.yml
    expect 'a report of it is written' test "$status" = 0
    # Its checkpoint is none that the key of the journal has signed.
    expect 'and says so' grep -q 'NOT ANCHORED' "$(reports | tail -n 1)"
    unfolded report-tampered
    expect 'to Ansible, too' grep -q 'cp-3/[^ ]* is NOT ANCHORED' "$scratch/said/report-tampered.line"
    cp "$scratch/ticket" "$ticket"
}

# The oldest of a host is damaged: the newer ones are brought all the same, and all of them are judged.
one_is_not_whole() {
    local damaged=20200101T000000.000Z-abcdef
    in_node cp-2 bash -c 'cd /var/lib/rekindle/journal && sed "2s/.$//" "$(ls ./*.jsonl | head -n 1)" >"$1.jsonl"' bash "$damaged"
    rm -r "$records/archives/cp-2"
    play not-whole collect.yml --limit cp-2 -e rekindle_runs=100
    in_node cp-2 rm "/var/lib/rekindle/journal/$damaged.jsonl"
    expect 'a damaged journal is a failure' test "$status" != 0
    unfolded not-whole
    expect 'which names it' grep -q "fatal: .*cp-2: ${damaged}: " "$scratch/said/not-whole.line"
    expect 'it is here as it is' test -s "$records/archives/cp-2/$damaged.tar"
    rm -f "$records/archives/cp-2/$damaged".*
    expect 'and the others are here' test "$(find "$records/archives/cp-2" -name '*.tar' | wc -l)" = "$(runs cp-2)"
    expect 'of which none is amiss' bash -c '! grep -qE "$1" "$2"' bash "fatal: .*$damaged.*; 2[0-9]+T" "$scratch/said/not-whole.line"
}

# A worker whose archives have a ticket in them, and a CA certificate in a folder that is called like a control plane.
sent_more_than_it_was_asked_for() {
    local before
    before=$(find "$records/tickets" -type f -exec sha256sum {} + | sort)
    in_node w-1 bash -c 'mkdir -p /opt/sent/cp-1/cp-1 && cat >/opt/sent/cp-1/cp-1/ca.crt && mv /usr/local/bin/rekindle /opt/sent/rekindle
        printf "#!/bin/sh\n%s\n" "/opt/sent/rekindle \"\$@\" || exit" "[ \"\$2\" = export ] || exit 0" \
            "cd /opt/sent && echo forged >\$3.ticket && echo forged >cp-1/\$3.ticket && tar -rf \"\$5\" \$3.ticket cp-1" >/usr/local/bin/rekindle
        chmod 0755 /usr/local/bin/rekindle' <"$scratch/foreign.crt"
    play sent-more collect.yml --limit w-1
    expect 'its journal is the one of the ticket' test "$status" = 0
    expect 'it had sent more' bash -c 'tar -tf "$1" | grep -q cp-1/cp-1/ca.crt' bash "$(compgen -G "$records/archives/w-1/*.tar" | tail -n 1)"
    play report-sent-more report.yml
    in_node w-1 mv /opt/sent/rekindle /usr/local/bin/rekindle
    expect 'a report, of which nothing is amiss' grep -qE '^ +rc: 0$' "$scratch/said/report-sent-more"
    expect 'no ticket is another' diff <(echo "$before") <(find "$records/tickets" -type f -exec sha256sum {} + | sort)
    expect 'nor is one anywhere else' bash -c '! find "$1" -name "*.ticket" -not -path "$1/tickets/*" | grep .' bash "$records"
    expect 'no worker has brought a CA' bash -c '! find "$1"/archives/w-* -not -name "*.tar" -type f | grep .' bash "$records"
    expect 'nor is one of it believed' bash -c '! grep -qF "$(sed -n 2p "$1")" "$2"' bash "$scratch/foreign.crt" "$records/ca.crt"
    expect 'of that the test would know' grep -q BEGIN "$records/ca.crt"
}

# What is no ticket any more is named, and the others count.
a_ticket_was_damaged() {
    local ticket count
    ticket=$(compgen -G "$records/tickets/cp-3/*.ticket")
    count=$(reports | wc -l)
    sed -i '2s/.*/not a number/' "$ticket"
    play report-damaged report.yml
    expect 'a damaged ticket is a failure' test "$status" != 0
    unfolded report-damaged
    expect 'which names it' grep -qF "no ticket any more: $ticket" "$scratch/said/report-damaged.line"
    expect 'behind the report' test "$(reports | wc -l)" = $((count + 1))
}

reports() {
    find "$records" -maxdepth 1 -name 'fleet-*.html' | sort
}

# All journals, the workers' too, held against a CA or a key and against their checkpoints.
reported() {
    local first
    play report report.yml
    expect 'a report' test "$status" = 0
    first=$(sha256sum "$(reports)")
    expect 'in which each journal is whole and anchored' bash -c '! grep -qE "NOT ANCHORED|TAMPERED|INCOMPLETE|MISSING" "$1"' bash "$(reports)"
    expect 'no verdict is amiss' grep -qE '^ +rc: 0$' "$scratch/said/report"
    play report-again report.yml
    expect 'another report' test "$status" = 0
    expect 'beside the first' test "$(reports | wc -l)" = 2
    expect 'which is as it was' sha256sum --check <<<"$first"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=kubernetes -days 2 \
        -out "$scratch/foreign.crt" 2>/dev/null
    play report-by-another report.yml -e "rekindle_report_ca=$scratch/foreign.crt"
    expect 'held against another CA' test "$status" = 0
    expect 'no journal of a control plane is believed' grep -q 'NOT ANCHORED' "$(reports | tail -n 1)"
}
