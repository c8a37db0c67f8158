#!/usr/bin/env bash
# The steps of a rehearsal, the same for every driver. A driver brings NAME_up, NAME_enter, NAME_off, NAME_on, NAME_expire, NAME_end and
# NAME_kubelet; $driver names it, $machine is its node. Sourced by scripts/rehearse.

inside() {
    "${driver}_enter" "$machine" "$@"
}

# The one place where the command stands that an operator would type; the arguments are a situation's own.
recover() {
    with_kubelet recover --reason rehearsal --ticket DRILL-1 "$@"
}

# with_kubelet VERB ARGUMENT...: no systemd runs in a node of namespaces, and rekindle is told how the kubelet is stopped and started.
with_kubelet() {
    local commands
    mapfile -t commands < <("${driver}_kubelet")
    timed rekindle "$@" --yes "${commands[@]}"
}

# Runs what is measured: its output, exit and times are kept.
timed() {
    status=0
    started=${EPOCHREALTIME/[.,]/}
    inside "$@" >"$work/output" 2>&1 || status=$?
    ended=${EPOCHREALTIME/[.,]/}
    sed 's/^/    /' "$work/output" >>"$work/log"
}

# The fingerprint of the key that signed the journal of what was timed last, as it printed it.
signer() {
    sed -n 's/^Signed by sha256://p' "$work/output"
}

# --- making and breaking ----------------------------------------------------------------------------------------------------------

# Everything expires while nothing runs, and the power comes back.
reboot_expired() {
    "${driver}_off" "$machine"
    "${driver}_expire" "$machine"
    "${driver}_on" "$machine"
    watch
}

# Everything expires under a running control plane, for what runs too. API server and etcd read the files anew at each handshake. The others
# keep what they have: controller-manager and scheduler, which end when they lose their Leases, have come back with what lies on the disk;
# the last credential that the kubelet reads has some seconds left then.
expire_running() {
    local old
    inside kubelet-stop
    "${driver}_expire" "$machine"
    old=$(leaders)
    inside bash -c "kill -TERM ${old//$'\n'/ }"
    inside sign-again /var/lib/kubelet/pki/kubelet-client-current.pem -300 8 /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/ca.key
    inside kubelet-start
    sleep 9
    wait_for 60 leaders_are_others "$old" || broken 'controller-manager and scheduler do not come back'
    watch
    sleep 1
}

leaders() {
    inside pgrep --full '^([^ ]*/)?kube-(controller-manager|scheduler) ' | sort
}

# Two of them, and none of the OLD ones.
leaders_are_others() {
    local now
    now=$(leaders) || return
    [[ $(wc -l <<<"$now") = 2 && -z $(comm -12 <(echo "$1") <(echo "$now")) ]]
}

# expire_all_but FILE...: only the others expire (paths in the node)
expire_all_but() {
    local file
    inside rm -rf /run/kept
    for file in "$@"; do inside bash -c 'mkdir -p "/run/kept$(dirname "$1")" && cp -aL "$1" "/run/kept$1"' bash "$file"; done
    "${driver}_expire" "$machine"
    # Their bytes, behind links too.
    for file in "$@"; do inside cp --no-preserve=all "/run/kept$file" "$file"; done
}

# --- seeing that it is dead -------------------------------------------------------------------------------------------------------

kubectl_refused() {
    ! inside kubectl get nodes >"$work/kubectl" 2>&1 || broken 'kubectl still works'
    said "kubectl: $(tail -n 1 "$work/kubectl")"
}

nothing_runs() {
    ! inside pgrep --full '^([^ ]*/)?(kube-(apiserver|controller-manager|scheduler)|etcd) ' >/dev/null || broken 'a component runs'
    said "kubelet: $(inside tail -n 3 /opt/rehearsal/log/kubelet.log | sed -n 's/.*\(failed to run Kubelet.*\)/\1/p' | sed -n 1p)"
}

# It ends at each start, for want of a credential.
kubelet_is_dead() {
    wait_for 20 inside grep -q 'failed to run Kubelet' /opt/rehearsal/log/kubelet.log || broken 'the kubelet runs'
    said "kubelet: $(inside sed -n 's/.*\(failed to run Kubelet.*\)/\1/p' /opt/rehearsal/log/kubelet.log | tail -n 1)"
}

# --- watching ---------------------------------------------------------------------------------------------------------------------

watch() {
    inside observer
    inside bash -c "$(cat <<'END'
        kill $(cat /run/watch.pids 2>/dev/null) 2>/dev/null
        cd /opt/rehearsal/log
        ctr --namespace k8s.io containers ls | awk '$2 ~ "/etcd:" { print $1 }' >etcd-containers
        setsid sample >samples 2>/dev/null </dev/null &
        echo $! >/run/watch.pids
        setsid ctr --namespace k8s.io events >events 2>/dev/null </dev/null &
        echo $! >>/run/watch.pids
END
    )"
}

# Seconds from $started to: the API ready for good, both leaders' Leases advancing, the node's Lease renewed; requests since then, and failed
# ones. A Lease advances when its holder of now has renewed it twice since the API is ready for good.
measured() {
    inside cat /opt/rehearsal/log/samples | jq --null-input --compact-output --argjson start "$started" --arg node "$(inside hostname)" '
        def moment: if . then (.[:19] + "Z" | fromdate) * 1000000 + (.[20:26] | tonumber) else 0 end;
        reduce (inputs | objects) as $line ({ticks: [], tick: {}};
            if $line.at then .ticks += [.tick + {at: $line.at}] | .tick = {}
            elif $line.readyz != null then .tick.ready = ($line.readyz == 200)
            elif $line.items then .tick.leases = ($line.items
                | map({key: .metadata.name, value: {holder: .spec.holderIdentity, renewed: (.spec.renewTime | moment)}}) | from_entries)
            else . end)
        | .ticks | map(select(.at > $start)) as $ticks
        | ($ticks | map(.ready) | rindex(false)) as $down
        | (if $down == null then $start else $ticks[$down].at end) as $up
        | def seconds: if . == null then null else (. - $start) / 1e5 | round / 10 end;
        def advancing($name; $times):
            ($ticks | map(.leases[$name].holder // empty) | last) as $holder
            | (reduce ($ticks[] | select(.at > $up and .leases[$name].holder == $holder)) as $tick ({seen: [], at: null};
                $tick.leases[$name].renewed as $renewed
                | if .at == null and $renewed > $up and (.seen | index($renewed)) == null
                  then .seen += [$renewed] | if (.seen | length) >= $times then .at = $tick.at else . end
                  else . end)).at;
        {
            ready: (if $down == null then 0 elif $down + 1 < ($ticks | length) then $ticks[$down + 1].at | seconds else null end),
            manager: (advancing("kube-controller-manager"; 2) | seconds),
            scheduler: (advancing("kube-scheduler"; 2) | seconds),
            node: (advancing($node; 1) | seconds),
            asked: ($ticks | length),
            failed: ($ticks | map(select(.ready | not)) | length)
        }'
}

# Seconds of the command that were not spent waiting for others: by the journal, for what is stopped, ended, copied and started, and
# for the proof, which begins then. Nothing where no journal tells.
own_share() {
    inside bash -c 'cat "$(ls -t /var/lib/rekindle/journal/*.jsonl | head -n 1)"' 2>/dev/null |
        jq --raw-output --null-input --argjson all "$((ended - started))" '
        def moment: (.[:19] + "Z" | fromdate) + ("0" + (.[19:] | rtrimstr("Z")) | tonumber);
        [inputs.payload | @base64d | fromjson | {at: (.at | moment), kind: .event.kind, what: (.event.act.what // "")}] as $events
        | ($events | map(.kind) | index("proof")) as $proof
        | if $proof == null then empty else
            ($events[:$proof] | map(select(.what != "release-lease"))) as $before
            | ([range(1; $before | length) as $at | select($before[$at].kind == "act-done") | $before[$at].at - $before[$at - 1].at] | add // 0) as $acting
            | ($events[$proof].at - ($before | last.at)) as $proving
            | ($all / 1e6 - $acting - $proving) * 100 | round / 100
        end' || :
}

# Until all of it was seen, or SECONDS have passed; sets $times.
alive_within() {
    local end=$((SECONDS + $1))
    until times=$(measured) && jq --exit-status '[.ready, .manager, .scheduler, .node] | all(. != null)' <<<"$times" >/dev/null; do
        ((SECONDS < end)) || { broken "not alive after $1 s: $times"; return 1; }
        sleep 0.5
    done
}

# How the etcd processes ended since `watch`: clean, KILLED, or "runs on". (Those that could not begin are not meant.)
etcd_ended() {
    inside bash -c "$(cat <<'END'
        cd /opt/rehearsal/log
        ctr --namespace k8s.io containers ls | awk '$2 ~ "/etcd:" { print $1 }' >>etcd-containers
        sed -nE 's#.* /containers/create \{"id":"([^"]*)","image":"[^"]*/etcd:.*#\1#p' events >>etcd-containers
        sort -u etcd-containers >etcd-known
        ends=$(grep ' /tasks/exit ' events | grep -F -f etcd-known |
            sed -nE 's/.*"exit_status":137[,}].*/KILLED/p; /"exit_status":/! s/.*/clean/p' | sort -u | paste -sd/)
        echo "${ends:-runs on}"
END
    )"
}

# --- judging ----------------------------------------------------------------------------------------------------------------------

said() {
    echo "    $*" >>"$work/log"
}

broken() {
    echo "$*" >>"$work/failures"
    echo "FAILED: $*" >>"$work/log"
}

expect() {
    local what=$1
    shift
    if "$@" >"$work/check" 2>&1; then
        echo "ok: $what" >>"$work/log"
    else
        broken "$what: $(tail -n 3 "$work/check" | tr '\n' ' ')"
    fi
}

judge_recovered() {
    [[ $status = 0 ]] || broken "it ended with $status: $(tail -n 3 "$work/output" | tr '\n' ' ')"
    alive_within 150 || return 0
    etcd=$(etcd_ended)
    own=$(own_share)
    expect 'kubectl works' inside kubectl get nodes
    expect 'every object is the same' same_objects
    expect 'a Deployment scales' scales
    expect 'the API server reaches the kubelet' logs_can_be_read
    expect 'verify' inside rekindle verify
    expect 'check' inside rekindle check
    expect 'the journal verifies' inside rekindle journal verify "${journal_anchor[@]}"
    expect "kubeadm's check-expiration is content" kubeadm_content
    expect 'nothing is left behind' nothing_left
    expect 'the key of a journal opens no door' journal_opens_nothing
    # What was alive too early was not: this sees it.
    alive_within 1 || :
}

# What a situation makes of the records of both before they are compared.
comparable() {
    cat
}

same_objects() {
    record >"$work/after"
    diff <(comparable <"$work/before") <(comparable <"$work/after") | cut -c 1-300 | head -n 6
    cmp <(comparable <"$work/before") <(comparable <"$work/after")
}

scales() {
    inside kubectl --namespace rehearsal scale deployment/lamps --replicas 3 &&
        inside kubectl --namespace rehearsal rollout status deployment/lamps --timeout 60s
}

# At the second attempt: a connection to the kubelet that was is found broken by the first.
logs_can_be_read() {
    local pod
    pod=kube-apiserver-$(inside hostname)
    inside kubectl --namespace kube-system logs --tail 1 "$pod" || inside kubectl --namespace kube-system logs --tail 1 "$pod"
}

kubeadm_content() {
    inside kubeadm certs check-expiration --output json 2>/dev/null |
        jq --exit-status '[.certificates[], .certificateAuthorities[]] | all(.residualTime > 0 and (.missing | not))'
}

nothing_left() {
    local found
    found=$(inside bash -c 'find /etc/kubernetes /var/lib/kubelet/pki -name ".*" -o -name "*.tmp" -o -name "*.bak"
        for name in kube-apiserver kube-controller-manager kube-scheduler etcd kubelet; do
            number=$(pgrep --full --count "^([^ ]*/)?$name ")
            ((number == 1)) || echo "$number processes $name"
        done')
    [[ -z $found ]] || { echo "$found"; return 1; }
}

# The certificate of a journal's key, made again for a key that we hold: the API server, the kubelet and etcd let nobody in with it.
# Where no CA's key is, there is none.
journal_opens_nothing() {
    ((${#journal_anchor[@]})) || inside journal-key-refused
}

# A refusal: exit 3, by this name, and not a byte changed.
judge_refused() {
    [[ $status = 3 ]] || broken "it ended with $status, not with 3"
    expect "refused with $1" grep -q "refused ($1)" "$work/output"
    expect 'nothing was changed' cmp "$work/disk-before" <(disk_digests)
}

judge_exit() {
    [[ $status = "$1" ]] || broken "it ended with $status, not with $1"
}

disk_digests() {
    inside bash -c 'find /etc/kubernetes /var/lib/kubelet/pki /var/lib/rekindle -type f -exec sha256sum {} + | sort -k 2'
}
