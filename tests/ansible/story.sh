#!/usr/bin/env bash
# What is played on the fleet, and what must be true after each. Sourced by tests/ansible/run.
# shellcheck disable=SC2016  # what bash -c expands is the node's
# shellcheck disable=SC2154  # scratch, status, nodes, names: of those that it is sourced with

readonly word=(-e rekindle_ticket=INC-4711 -e 'rekindle_reason="fleet expired"')

story() {
    checked
    not_agreed_to
    stopped_at_the_second
    stopped_at_a_dead_kubelet
    failed_at_the_second
    recovered
    again
    workers
    collected
    no_secret_was_said
}

in_node() {
    node_enter "${nodes[$1]}" "${@:2}"
}

digests() {
    in_node "$1" bash -c 'find /etc/kubernetes /var/lib/kubelet/pki /var/lib/rekindle -type f -exec sha256sum {} + 2>/dev/null | sort -k 2'
}

runs() {
    in_node "$1" bash -c 'find /var/lib/rekindle/journal -name "*.jsonl" 2>/dev/null | wc -l'
}

# changed PLAY HOST: as Ansible counts
changed() {
    sed -nE "/^PLAY RECAP/,\$s/^$2 .*changed=([0-9]+).*/\\1/p" "$scratch/said/$1"
}

checked() {
    local name
    for name in "${names[@]}"; do
        install -m 0755 "$REKINDLE_BINARY" "${nodes[$name]}/rehearsal/bin/rekindle"
        digests "$name" >"$scratch/$name.before"
    done
    in_node cp-3 install -m 0755 /opt/rehearsal/bin/rekindle /usr/bin/rekindle
    play check check.yml -e rekindle_binary=/opt/rehearsal/bin/rekindle
    unfolded check
    expect 'what has expired is no failure' test "$status" = 0
    for name in cp-1 cp-2 cp-3; do
        expect "$name is in the summary" grep -E "$name: all 1[23] certificates expired; next: recover.yml" "$scratch/said/check.line"
    done
    for name in w-1 w-2; do
        expect "$name is in the summary" grep -E "$name: worker: its kubelet'{1,2}s certificate ended[^;]*; if that is over: workers.yml" "$scratch/said/check.line"
    done
    untouched "${names[@]}"
}

# unfolded PLAY: what it said, with its long lines whole, in said/PLAY.line
unfolded() {
    tr -s ' \n' ' ' <"$scratch/said/$1" >"$scratch/said/$1.line"
}

untouched() {
    local name
    for name in "$@"; do expect "$name was not touched" diff "$scratch/$name.before" <(digests "$name"); done
}

not_agreed_to() {
    play not-agreed recover.yml "${word[@]}"
    expect 'without a yes it ends' test "$status" != 0
    expect 'and says what is missing' grep -q 'nobody said yes, nothing was changed' "$scratch/said/not-agreed"
    expect 'behind the plans' grep -q 're-sign apiserver ' "$scratch/said/not-agreed"
    untouched cp-1 cp-2 cp-3
}

# What only `recover` sees, and no plan: a file that may not be replaced.
stopped_at_the_second() {
    local before
    before=$(runs cp-1)
    in_node cp-2 chattr +i /etc/kubernetes/pki/apiserver.crt
    play stopped recover.yml "${word[@]}" -e rekindle_confirm=yes
    in_node cp-2 chattr -i /etc/kubernetes/pki/apiserver.crt
    expect 'it stops' test "$status" != 0
    expect 'the first was recovered' test "$(runs cp-1)" = "$((before + 1))"
    expect 'which lacks nothing but a quorum' grep -q 'no quorum: etcd is up and has no leader' "$scratch/said/stopped"
    expect 'the second was refused' grep -q 'refused (immutable)' "$scratch/said/stopped"
    untouched cp-2 cp-3
}

# A node that lacks a quorum, and something else: that is no reason to go on.
stopped_at_a_dead_kubelet() {
    in_node cp-1 /opt/rehearsal/bin/kubelet-stop
    play dead-kubelet recover.yml "${word[@]}" -e rekindle_confirm=yes
    in_node cp-1 /opt/rehearsal/bin/kubelet-start
    expect 'it stops' test "$status" != 0
    unfolded dead-kubelet
    expect 'at the first' grep -qE 'cp-1 is not proven to be back [^/]*and those behind it.*the kubelet does not run' "$scratch/said/dead-kubelet.line"
    expect 'which lacks a quorum, too' grep -qE 'cp-1 is not proven to be back [^/]*and those behind it.*no quorum' "$scratch/said/dead-kubelet.line"
    untouched cp-2 cp-3
}

# A disk of the second that takes no file any more, and one that does not give it back either: exits 4 and 5.
failed_at_the_second() {
    local each run code
    for each in when=6:4 when=6+:5; do
        code=${each##*:}
        in_node cp-2 bash -c 'printf "#!/bin/sh\n[ \"\$1\" = recover ] || exec rekindle \"\$@\"
            exec strace -o /dev/null -e trace=renameat -e inject=renameat:error=EIO:%s rekindle \"\$@\"\n" "$1" >/usr/bin/rekindle
            chmod 0755 /usr/bin/rekindle' bash "${each%:*}"
        play "failed-$code" recover.yml "${word[@]}" -e rekindle_confirm=yes -e '{"rekindle_source": ""}' \
            -e '{"rekindle_binary": "{{ (inventory_hostname == '\''cp-1'\'') | ternary('\''/usr/local/bin/rekindle'\'', '\''/usr/bin/rekindle'\'') }}"}'
        expect "it fails with $code" test "$status" != 0
        run=$(in_node cp-2 bash -c 'basename "$(ls /var/lib/rekindle/journal/*.jsonl | tail -n 1)" .jsonl')
        expect "the run's checkpoint is kept" test -s "$scratch/records/cp-2/$run.ticket"
        in_node cp-2 bash -c 'cat >/run/ticket' <"$scratch/records/cp-2/$run.ticket"
        expect "which the journal of the run has, that ended with $code" \
            in_node cp-2 bash -c 'rekindle journal verify "$1" --expect /run/ticket; [[ $? = "$2" ]]' bash "$run" $((code == 4 ? 0 : 5))
        expect 'and which is signed by its key' in_node cp-2 bash -c 'rekindle journal verify "$1" | grep -qF "$(sed -n "s/^Signed by //p" /run/ticket)"' \
            bash "$run"
        untouched cp-3
    done
    in_node cp-2 rekindle rollback --yes --kubelet-stop /opt/rehearsal/bin/kubelet-stop --kubelet-start /opt/rehearsal/bin/kubelet-start \
        >"$scratch/said/rollback" 2>&1 || :
    expect 'it was taken back' in_node cp-2 bash -c '! rekindle check -o json | grep unfinishedRun'
}

recovered() {
    local before
    before=$(runs cp-1)
    play recovered recover.yml "${word[@]}" -e rekindle_confirm=yes
    expect 'it goes on where it had stopped' test "$status" = 0
    local name
    expect 'the first is not begun anew' test "$(runs cp-1)" = "$before"
    for name in cp-1 cp-2 cp-3; do
        expect "$name is proven" in_node "$name" rekindle verify --timeout 1m
        expect "$name checks well" in_node "$name" rekindle check
    done
    expect 'one after the other, by their journals' one_after_the_other
    expect 'the third by the program of its package' grep -q '/usr/bin/rekindle", "recover"' "$scratch/said/recovered"
    expect 'beside which none was put' in_node cp-3 test ! -e /usr/local/bin/rekindle
}

# "begin end" of each node's last run, by the times in its journal: none begins before the one in front of it has ended.
one_after_the_other() {
    local name end='' times
    for name in cp-1 cp-2 cp-3; do
        times=$(in_node "$name" bash -c 'cat "$(ls /var/lib/rekindle/journal/*.jsonl | tail -n 1)"' |
            jq -rn '[inputs.payload | @base64d | fromjson | .at] | "\(first) \(last)"')
        [[ ${times% *} > "$end" ]] || return 1
        end=${times#* }
        echo "$name $times" >>"$scratch/times"
    done
}

again() {
    local name
    play again recover.yml "${word[@]}" -e rekindle_confirm=yes
    expect 'the second time is no failure' test "$status" = 0
    for name in cp-1 cp-2 cp-3; do expect "$name: changed=0" test "$(changed again "$name")" = 0; done
}

workers() {
    local name
    play workers workers.yml "${word[@]}" -e rekindle_confirm=yes
    expect 'workers are brought back' test "$status" = 0
    for name in w-1 w-2; do
        expect "$name runs on a certificate of its own" in_node "$name" bash -c "openssl x509 -in /var/lib/kubelet/pki/kubelet-client-current.pem \
            -noout -checkend 60 -subject | grep -q 'system:node:$name'"
        expect "$name renews its Lease" wait_for 60 lease_moves "$name"
    done
    for name in "${names[@]}"; do
        expect "no bundle is left on $name" in_node "$name" bash -c '! find / -xdev -name "*rekindle-node*" -o -xdev -name "rekindle-bundle*" | grep .'
        expect "nor below /tmp of $name" in_node "$name" bash -c '! find /tmp /root /var/tmp | grep -E "rekindle-|bundle"'
    done
    expect 'nor on the controller' bash -c "! grep -rlE 'rekindle\\.dev/node|rekindle-node' '$scratch/records'"
    play workers-again workers.yml "${word[@]}" -e rekindle_confirm=yes
    for name in w-1 w-2; do expect "$name: changed=0" test "$(changed workers-again "$name")" = 0; done
}

lease_moves() {
    local first
    first=$(renewed "$1")
    sleep 11
    [[ $first && $(renewed "$1") > $first ]]
}

renewed() {
    in_node cp-1 kubectl get lease "$1" -n kube-node-lease -o jsonpath='{.spec.renewTime}'
}

collected() {
    local name
    play collected collect.yml
    expect 'journals are collected and verify' test "$status" = 0
    for name in "${names[@]}"; do
        expect "an archive of $name" compgen -G "$scratch/records/$name/*.tar"
        expect "nothing is left in /tmp of $name" in_node "$name" bash -c '! ls -d /tmp/rekindle-export.* 2>/dev/null | grep .'
    done
    reported
    # One that was changed on its way is not taken: the next time it is fetched anew, so the change is to the copy that is verified.
    local ticket
    ticket=$(compgen -G "$scratch/records/cp-3/*.ticket")
    sed -i '4s/^.\{4\}/AAAA/; 3s/^.\{4\}/AAAA/' "$ticket"
    play tampered collect.yml --limit cp-3
    expect 'a journal that is not that of the ticket is no journal' test "$status" != 0
    play report-tampered report.yml
    expect 'a report of it is written' test "$status" = 0
    # Its checkpoint is none that the key of the journal has signed.
    expect 'and says so' grep -q 'NOT ANCHORED' "$(reports | tail -n 1)"
    unfolded report-tampered
    expect 'to Ansible, too' grep -q 'cp-3/[^ ]* is NOT ANCHORED' "$scratch/said/report-tampered.line"
}

reports() {
    find "$scratch/records" -maxdepth 1 -name 'fleet-*.html' | sort
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

# Every key of every node, by lines of its PEM form, and as it stands in kubeconfigs; and no word of a bundle.
no_secret_was_said() {
    local name secrets=$scratch/secrets
    for name in "${names[@]}"; do
        in_node "$name" bash -c 'find /etc/kubernetes /var/lib/kubelet/pki -name "*.key" -o -name "*.pem" | xargs cat |
            awk "/BEGIN.*PRIVATE/ { on = 1; next } /END.*PRIVATE/ { on = 0 } on"
            sed -n "s/^ *client-key-data: //p" /etc/kubernetes/*.conf | base64 -d 2>/dev/null | grep -v -- -----
            sed -n "s/^ *client-key-data: *//p" /etc/kubernetes/*.conf | grep -oE ".{60}"' || :
    done | awk 'length($0) > 30' | sort -u >"$secrets"
    expect 'there are secrets to look for' test "$(wc -l <"$secrets")" -gt 50
    expect 'none of them was said with -vvv' bash -c "! grep -rqF -f '$secrets' '$scratch/said'"
    expect 'nor is in the records' bash -c "! grep -rqF -f '$secrets' '$scratch/records'"
    # As a line of JSON, and as slurp carries it. (Journals have that form too, and collect.yml may show them.)
    expect 'nor a bundle' bash -c "! grep -rqE 'eyJwYXlsb2Fk|\"payload|rekindle.dev/[a-z-]*(bundle|credential)|BEGIN [A-Z ]*PRIVATE' '$scratch'/said/workers*"
}
