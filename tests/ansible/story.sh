#!/usr/bin/env bash
# What is played on the fleet, and what must be true after each. Sourced by tests/ansible/run.
# shellcheck disable=SC2016  # what bash -c expands is the node's
# shellcheck disable=SC2154  # scratch, status, nodes, names: of those that it is sourced with

readonly word=(-e rekindle_ticket=INC-4711 -e 'rekindle_reason="fleet expired"')

story() {
    # Beside the inventory, which names no other folder, and not beside the playbooks.
    records=$scratch/rekindle-records
    checked
    not_agreed_to
    stopped_at_the_second
    stopped_at_a_dead_kubelet
    failed_at_the_second
    recovered
    again
    told_another_name
    workers
    collected
    one_is_not_whole
    sent_more_than_it_was_asked_for
    a_ticket_was_damaged
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
        expect "the run's checkpoint is kept" test -s "$records/tickets/cp-2/$run.ticket"
        in_node cp-2 bash -c 'cat >/run/ticket' <"$records/tickets/cp-2/$run.ticket"
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

# A worker that calls itself otherwise than the inventory calls it: a control plane, the other worker, anything.
told_another_name() {
    local name before
    before=$(runs cp-1)
    for name in cp-1 w-1 others; do
        in_node w-2 bash -c 'mkdir -p /etc/sysconfig && echo "KUBELET_EXTRA_ARGS=--hostname-override=$1" >/etc/sysconfig/kubelet' bash "$name"
        play "told-$name" workers.yml "${word[@]}" -e rekindle_confirm=yes --limit w-2
        expect "w-2 is no $name" test "$status" != 0
        unfolded "told-$name"
        expect 'and that is said' grep -q "w-2 is to be the node $name by its own words, and .* no credential is made" "$scratch/said/told-$name.line"
    done
    play told-by-inventory workers.yml "${word[@]}" -e rekindle_confirm=yes --limit w-2 -e rekindle_node_name=w-1
    expect 'nor by the inventory what two are' test "$status" != 0
    in_node w-2 rm /etc/sysconfig/kubelet
    play workers-not-agreed workers.yml "${word[@]}"
    expect 'without a yes no worker gets one' test "$status" != 0
    for name in w-1 w-2; do
        expect "behind the node and the machine of $name" grep -qF "$name=$(in_node "$name" cat /etc/machine-id)" "$scratch/said/workers-not-agreed"
    done
    expect 'no credential was made' test "$(runs cp-1)" = "$before"
    untouched w-1 w-2
}

# task PLAY NAME: what was said of its connections. Ansible heads a task with its name at its first result: they stand above that.
task() {
    awk -v name="$2]" '/^TASK \[/ { if (index($0, name)) printf "%s", said; said = "" } { said = said $0 "\n" }' "$scratch/said/$1"
}

workers() {
    local name
    # As from a folder where the ansible.cfg of the playbooks does not count.
    ANSIBLE_PIPELINING=false ANSIBLE_SSH_PIPELINING=false play workers workers.yml "${word[@]}" -e rekindle_confirm=yes
    expect 'workers are brought back' test "$status" = 0
    expect 'a task whose module is put into a file first' bash -c 'grep -q "PUT .*AnsiballZ"' < <(task workers 'Which machine it is')
    expect 'the one with the bundle goes to a worker' grep -q 'SSH: EXEC' <(task workers 'It is carried')
    expect 'and is put into none' bash -c '! grep "PUT "' < <(task workers 'It is carried')
    for name in w-1 w-2; do
        expect "$name runs on a certificate of its own" in_node "$name" bash -c "openssl x509 -in /var/lib/kubelet/pki/kubelet-client-current.pem \
            -noout -checkend 60 -subject | grep -q 'system:node:$name'"
        expect "$name renews its Lease" wait_for 60 lease_moves "$name"
    done
    for name in "${names[@]}"; do
        expect "no bundle is left on $name" in_node "$name" bash -c '! find / -xdev -name "*rekindle-node*" -o -xdev -name "rekindle-bundle*" | grep .'
        expect "nor below /tmp of $name" in_node "$name" bash -c '! find /tmp /root /var/tmp | grep -E "rekindle-|bundle"'
    done
    expect 'nor on the controller' bash -c "! grep -rlE 'rekindle\\.dev/node|rekindle-node' '$records'"
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
    expect 'nor is in the records' bash -c "! grep -rqF -f '$secrets' '$records'"
    # As a line of JSON, and as slurp carries it. (Journals have that form too, and collect.yml may show them.)
    expect 'nor a bundle' bash -c "! grep -rqE 'eyJwYXlsb2Fk|\"payload|rekindle.dev/[a-z-]*(bundle|credential)|BEGIN [A-Z ]*PRIVATE' '$scratch'/said/workers*"
}
