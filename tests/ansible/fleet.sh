#!/usr/bin/env bash
# A fleet of real Kubernetes for Ansible: three control planes and two workers, each in namespaces of its own with an OpenSSH server, all of
# them expired and rebooted. Sourced by tests/ansible/run, which has sourced the driver `node` of the rehearsals.
# shellcheck disable=SC2154,SC2034,SC2004  # scratch, nodes, node_path: of those that it is sourced with

readonly names=(cp-1 cp-2 cp-3 w-1 w-2)
readonly addresses=(192.0.2.10 192.0.2.12 192.0.2.13 192.0.2.21 192.0.2.22)

# Sets $switch and $nodes: the folders of the nodes, by name.
fleet_up() {
    local each role
    switch=$scratch/switch
    node_switch "$switch"
    for each in "${!names[@]}"; do
        nodes[${names[each]}]=$scratch/${names[each]}
        mkdir "$scratch/${names[each]}"
        role=control-plane
        [[ ${names[each]} = cp-* ]] || role=worker
        if ((each == 0)); then
            node_up "$scratch/cp-1" cp-1 "${addresses[0]}" "$switch"
        else
            node_up "$scratch/${names[each]}" "${names[each]}" "${addresses[each]}" "$switch" "$role" "$scratch/cp-1"
        fi
    done
}

# Everything has ended, the workers' kubelets too, and all five were rebooted: nothing runs.
fleet_expires() {
    local name pem=/var/lib/kubelet/pki/kubelet-client-current.pem
    for name in w-1 w-2; do
        node_enter "${nodes[cp-1]}" bash -c 'umask 077; cat >/run/worker.pem' < <(node_enter "${nodes[$name]}" cat "$pem")
        node_enter "${nodes[cp-1]}" sign-again /run/worker.pem -400 -60 /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/ca.key
        node_enter "${nodes[$name]}" bash -c "cat >$pem" < <(node_enter "${nodes[cp-1]}" cat /run/worker.pem)
        node_enter "${nodes[cp-1]}" rm /run/worker.pem
    done
    for name in "${names[@]}"; do node_off "${nodes[$name]}"; done
    for name in cp-1 cp-2 cp-3; do node_expire "${nodes[$name]}"; done
    for name in "${names[@]}"; do
        node_on "${nodes[$name]}"
        fleet_ssh "$name"
    done
}

fleet_down() {
    local name
    for name in "${!nodes[@]}"; do node_end "${nodes[$name]}"; done
    [[ ! -e ${switch-}/pid ]] || kill "$(<"$switch/pid")"
}

# Debian's, unpacked and not installed: as a service it would start on this machine. Sets $sshd_folder.
sshd_unpacked() {
    local cached=${XDG_CACHE_HOME:-$HOME/.cache}/rekindle/openssh-server
    sshd_folder=$cached
    [[ -x $cached/usr/sbin/sshd ]] || (
        cd "$scratch" && { apt-get download -qq openssh-server libwrap0 || { apt-get update -qq && apt-get download -qq openssh-server libwrap0; }; } &&
            mkdir -p "$cached" && for package in openssh-server_*.deb libwrap0_*.deb; do dpkg-deb -x "$package" "$cached"; done
    ) >/dev/null 2>&1 || skip_because 'there is no OpenSSH server, nor a package of it (Debian: openssh-server, libwrap0)'
}

# fleet_ssh NAME: an sshd there, with a host key and for one client's key, all made for this test.
fleet_ssh() {
    local dir=${nodes[$1]} ssh=${nodes[$1]}/rehearsal/ssh
    if [[ ! -e $ssh ]]; then
        mkdir -m 0700 "$ssh"
        cp -a "$sshd_folder/usr/sbin/sshd" "$sshd_folder"/usr/lib/x86_64-linux-gnu/libwrap.so.0* "$ssh/"
        ssh-keygen -q -t ed25519 -N '' -C '' -f "$ssh/host_key"
        cp "$scratch/client.pub" "$ssh/authorized_keys"
        chmod 0600 "$ssh/authorized_keys"
        cat >"$ssh/sshd_config" <<END
HostKey /opt/rehearsal/ssh/host_key
AuthorizedKeysFile /opt/rehearsal/ssh/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
SetEnv PATH=$node_path
END
        printf '%s %s\n' "$(address_of "$1")" "$(cut -d ' ' -f 1,2 "$ssh/host_key.pub")" >>"$scratch/known_hosts"
    fi
    node_enter "$dir" bash -c 'getent passwd sshd >/dev/null || echo "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin" >>/etc/passwd
        mkdir -p -m 0755 /run/sshd
        mkdir -p /opt/rehearsal/log && LD_LIBRARY_PATH=/opt/rehearsal/ssh setsid /opt/rehearsal/ssh/sshd -f /opt/rehearsal/ssh/sshd_config \
            -E /opt/rehearsal/log/sshd.log'
}

address_of() {
    local each
    for each in "${!names[@]}"; do
        [[ ${names[each]} != "$1" ]] || echo "${addresses[each]}"
    done
}

fleet_inventory() {
    cat <<END
all:
  vars:
    ansible_user: root
    ansible_ssh_private_key_file: $scratch/client
    ansible_ssh_common_args: -o UserKnownHostsFile=$scratch/known_hosts -o IdentitiesOnly=yes
    ansible_python_interpreter: /usr/bin/python3
    rekindle_source: $REKINDLE_BINARY
    rekindle_sha256: $(sha256sum <"$REKINDLE_BINARY" | cut -d ' ' -f 1)
    rekindle_controller_binary: $REKINDLE_BINARY
    rekindle_kubelet_arguments: [--kubelet-stop, /opt/rehearsal/bin/kubelet-stop, --kubelet-start, /opt/rehearsal/bin/kubelet-start]
  children:
    control_planes:
      hosts:
        cp-1: {ansible_host: $(address_of cp-1)}
        cp-2: {ansible_host: $(address_of cp-2)}
        # Here a package has installed it.
        cp-3: {ansible_host: $(address_of cp-3), rekindle_source: ''}
    workers:
      hosts:
        w-1: {ansible_host: $(address_of w-1)}
        w-2: {ansible_host: $(address_of w-2)}
END
}
