#!/usr/bin/env bash
# The driver "node": a kubeadm control plane in mount, net, uts, ipc, pid and cgroup namespaces of this machine.
# Sourced by scripts/rehearse.
#
# DIR/disk       what outlives a reboot: etc/kubernetes, var/lib/{containerd,kubelet,etcd,rekindle}
# DIR/rehearsal  what the rehearsal brought with it; the node sees it as /opt/rehearsal

readonly node_path=/opt/rehearsal/bin:/opt/kubernetes/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

node_possible() {
    local program missing=()
    ((EUID == 0)) || skip_because 'only root can make a node'
    for program in containerd runc unshare nsenter pivot_root ip conntrack iptables pgrep cc; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    if ((${#missing[@]})); then
        command -v apt-get >/dev/null || skip_because "not installed: ${missing[*]}"
        # No service is started: the node has a containerd of its own.
        export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
        { apt-get update -qq && apt-get install -qq --no-install-recommends -y containerd runc iproute2 conntrack iptables procps gcc libc6-dev; } \
            >/dev/null || skip_because "cannot be installed: ${missing[*]}"
    fi
    unshare --mount --net --uts --ipc --pid --cgroup --fork true 2>/dev/null || skip_because 'namespaces are not allowed here'
}

# node_up DIR [NAME ADDRESS [SWITCH [control-plane|worker FIRST_DIR]]]: returns when the machine runs; for a new one, when kubeadm has made
# the cluster, or joined that of FIRST_DIR. The rest is remembered: `node_up DIR` starts it again.
node_up() {
    local dir=$1 binaries images new=''
    node_possible
    ! node_pid "$dir" >/dev/null || fail "$dir: it runs already"
    binaries=$(binaries "${REHEARSAL_MINOR-}")
    chmod 0700 "$dir"
    mkdir -p "$dir/mnt" "$dir/disk" "$dir/rehearsal/bin" "$dir/rehearsal/log"
    install -m 0755 "$module"/node/{kubelet-*,sample,observer,sign-again,documented,journal-key-refused,external-etcd,authorities} "$dir/rehearsal/bin/"
    install -m 0755 "$(rekindle_binary)" "$dir/rehearsal/bin/rekindle"
    node_containerd "$binaries" >"$dir/rehearsal/containerd.toml"
    if [[ ! -e $dir/rehearsal/machine ]]; then
        new=yes
        printf '%s\n' "${2:-control-plane}" "${3:-192.0.2.10}" "${4-}" >"$dir/rehearsal/machine"
    fi
    node_boot "$dir" "$binaries"
    [[ ! -e $dir/disk/var/lib/etcd/pki ]] || node_enter "$dir" external-etcd start
    if [[ ! $new ]]; then
        node_enter "$dir" kubelet-start
        return
    fi
    images=$(node_images "$binaries")
    node_import "$dir" "$images"
    if [[ ${5-} ]]; then node_join "$dir" "$5" "$6"; else node_init "$dir" "$binaries"; fi
}

node_off() {
    node_down "$1"
}

node_on() {
    node_up "$1"
}

# On the disk itself, from outside: the node may run or not. Exit 1: what another signs was left.
node_expire() {
    "$1/rehearsal/bin/rekindle" --root "$1/disk" expire || [[ $? = 1 ]]
}

# Arguments for `recover`: no systemd runs in the node.
node_kubelet() {
    printf '%s\n' --kubelet-stop /opt/rehearsal/bin/kubelet-stop --kubelet-start /opt/rehearsal/bin/kubelet-start
}

node_end() {
    node_down "$1"
}

# The images, made once for each version and kept.
node_images() {
    local version folder
    version=$("$1/kubeadm" version -o short)
    folder=$cache/images-$version-$(stat -c %s-%Y "$1"/{kube-apiserver,kube-controller-manager,kube-scheduler,etcd} | sha256sum | head -c 12)
    make_images "$1" "$folder" >&2
    echo "$folder"
}

node_boot() {
    local dir=$1 binaries=$2 name address switch group
    { read -r name; read -r address; read -r switch; } <"$dir/rehearsal/machine"
    rm -f "$dir/rehearsal/pid" "$dir/rehearsal/plug" "$dir/groups"
    node_groups "$dir"
    (
        while read -r group; do echo 0 >"$group/cgroup.procs"; done <"$dir/groups"
        exec setsid unshare --mount --net --uts --ipc --pid --cgroup --fork \
            "$module/node/init" "$dir" "$name" "$address" "$binaries" ${switch:+plugged} </dev/null >"$dir/rehearsal/log/init.log" 2>&1
    ) &
    disown
    [[ ! $switch ]] || node_plug "$dir" "$address" "$switch"
    wait_for 20 test -e "$dir/rehearsal/pid" || {
        cat "$dir/rehearsal/log/init.log" >&2
        node_groups_remove "$dir"
        fail 'the machine did not start'
    }
    wait_for 20 node_enter "$dir" ctr version >/dev/null 2>&1 || fail "containerd does not answer: $dir/rehearsal/log/containerd.log"
}

# node_switch FOLDER: a network between nodes, in a namespace of its own: they are plugged into it, and it passes packets on.
node_switch() {
    mkdir -p "$1"
    unshare --net bash -c 'ip link set lo up && ip address add 192.0.2.1/32 dev lo && echo 1 >/proc/sys/net/ipv4/ip_forward &&
        echo $$ >"$1/pid.new" && mv "$1/pid.new" "$1/pid" && exec sleep infinity' bash "$1" </dev/null >"$1/log" 2>&1 &
    disown
    wait_for 10 test -e "$1/pid" || fail "no network can be made: $(<"$1/log")"
}

# node_plug DIR ADDRESS SWITCH
node_plug() {
    local port=port${2##*.} switch
    switch=$(<"$3/pid")
    wait_for 10 test -e "$1/rehearsal/plug" || fail "the machine does not wait to be plugged in: $(<"$1/rehearsal/log/init.log")"
    nsenter --target "$switch" --net bash -c 'ip link delete "$1" 2>/dev/null
        ip link add "$1" type veth peer name eth0 netns "$2" && ip link set "$1" up && ip route add "$3/32" dev "$1"' \
        bash "$port" "$(<"$1/rehearsal/plug")" "$2" || fail 'the machine cannot be plugged in'
}

# A cgroup of the node's own beneath ours, in each hierarchy. In version 2 beneath the root: no processes may be in between.
node_groups() {
    local controllers path base name
    name=rekindle-rehearsal-$(stat -c %d-%i "$1")
    if [[ $(stat -f -c %T /sys/fs/cgroup) = cgroup2fs ]]; then
        mkdir "/sys/fs/cgroup/$name" || skip_because 'no cgroup can be made here'
        echo "/sys/fs/cgroup/$name" >"$1/groups"
        return
    fi
    while IFS=: read -r _ controllers path; do
        [[ $controllers ]] || continue
        base=/sys/fs/cgroup/${controllers#name=}
        [[ -d $base ]] || skip_because "no cgroup hierarchy at $base"
        base=${base}${path%/}
        mkdir -p "$base/$name" || skip_because 'no cgroup can be made here'
        if [[ -e $base/cpuset.cpus ]]; then
            cat "$base/cpuset.cpus" >"$base/$name/cpuset.cpus"
            cat "$base/cpuset.mems" >"$base/$name/cpuset.mems"
        fi
        echo "$base/$name" >>"$1/groups"
    done </proc/self/cgroup
}

node_groups_remove() {
    local group
    [[ -e $1/groups ]] || return 0
    while read -r group; do
        wait_for 10 group_gone "$group" ||
            echo "rehearse: this cgroup stays: $group" >&2
    done <"$1/groups"
    rm -f "$1/groups"
}

group_gone() {
    [[ ! -d $1 ]] || find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
    [[ ! -d $1 ]]
}

node_pid() {
    local pid
    pid=$(cat "$1/rehearsal/pid" 2>/dev/null) || return
    # Process 1 of its own namespace, and ours: numbers are used again.
    grep -qsE '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" && grep -qzsFx "$1" "/proc/$pid/cmdline" && echo "$pid"
}

node_enter() {
    local dir=$1 pid group
    shift
    pid=$(node_pid "$dir") || fail "$dir: no node runs there"
    (
        while read -r group; do echo 0 >"$group/init/cgroup.procs"; done <"$dir/groups"
        exec nsenter --target "$pid" --mount --net --uts --ipc --pid --cgroup --root --wdns=/root \
            env -i "PATH=$node_path" HOME=/root LC_ALL=C "TERM=${TERM-dumb}" KUBECONFIG=/etc/kubernetes/admin.conf \
            CONTAINERD_NAMESPACE=k8s.io "$@"
    )
}

node_down() {
    local dir=$1 pid
    pid=$(node_pid "$dir") || { node_groups_remove "$dir"; return 0; }
    kill -KILL "$pid"
    wait_for 30 node_gone "$dir" || fail "$dir: process $pid does not end"
    rm -f "$dir/rehearsal/pid"
    node_groups_remove "$dir"
}

node_gone() {
    ! node_pid "$1" >/dev/null
}

node_containerd() {
    local pause
    pause=$("$1/kubeadm" config images list --kubernetes-version "$("$1/kubeadm" version -o short)" | grep /pause:)
    cat <<END
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pause"
  # Without CAP_SYS_RESOURCE a lower score cannot be set, and no sandbox would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
    SystemdCgroup = false
END
}

node_import() {
    local image
    for image in "$2"/*.tar; do
        node_enter "$1" ctr --namespace k8s.io images import - <"$image" >/dev/null
    done
}

node_init() {
    local dir=$1 name address switch version
    { read -r name; read -r address; read -r switch; } <"$dir/rehearsal/machine"
    version=$("$2/kubeadm" version -o short)
    [[ ! ${REHEARSAL_EXTERNAL_ETCD-} ]] || node_enter "$dir" external-etcd make
    [[ ! ${REHEARSAL_AUTHORITIES_END-} ]] || node_enter "$dir" authorities "$REHEARSAL_AUTHORITIES_END"
    cat >"$dir/rehearsal/kubeadm.yaml" <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: $address
nodeRegistration:
  name: $name
  criSocket: unix:///run/containerd/containerd.sock
  imagePullPolicy: Never
  taints: []
  kubeletExtraArgs:
    - name: node-ip
      value: $address
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: $version
clusterName: rehearsal
encryptionAlgorithm: ${REHEARSAL_ALGORITHM:-RSA-2048}
certificateValidityPeriod: ${REHEARSAL_VALIDITY:-8760h}
${switch:+controlPlaneEndpoint: cluster:6443}
END
    [[ ! ${REHEARSAL_EXTERNAL_ETCD-} ]] || cat >>"$dir/rehearsal/kubeadm.yaml" <<END
etcd:
  external:
    endpoints: [https://127.0.0.1:2379]
    caFile: /etc/kubernetes/pki/etcd/ca.crt
    certFile: /etc/kubernetes/pki/apiserver-etcd-client.crt
    keyFile: /etc/kubernetes/pki/apiserver-etcd-client.key
END
    node_kubelet_configuration >>"$dir/rehearsal/kubeadm.yaml"
    node_kubeadm "$dir" init --skip-phases=addon/coredns,addon/kube-proxy
}

node_kubelet_configuration() {
    cat <<END
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
# What is imported here can be had nowhere else: an image that nothing uses for a moment must not be collected.
imageGCHighThresholdPercent: 100
evictionHard:
  memory.available: 0%
  nodefs.available: 0%
  imagefs.available: 0%
END
}

# node_join DIR control-plane|worker FIRST_DIR
node_join() {
    local dir=$1 role=$2 name address token key hash
    { read -r name; read -r address; } <"$dir/rehearsal/machine"
    token=$(node_enter "$3" kubeadm token create)
    hash=$(node_enter "$3" bash -c 'openssl x509 -in /etc/kubernetes/pki/ca.crt -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum')
    cat >"$dir/rehearsal/kubeadm.yaml" <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken:
    token: $token
    apiServerEndpoint: cluster:6443
    caCertHashes: ["sha256:${hash%% *}"]
nodeRegistration:
  name: $name
  criSocket: unix:///run/containerd/containerd.sock
  imagePullPolicy: Never
  taints: []
  kubeletExtraArgs:
    - name: node-ip
      value: $address
END
    if [[ $role = control-plane ]]; then
        key=$(node_enter "$3" kubeadm init phase upload-certs --upload-certs 2>/dev/null | tail -n 1)
        cat >>"$dir/rehearsal/kubeadm.yaml" <<END
controlPlane:
  localAPIEndpoint:
    advertiseAddress: $address
  certificateKey: $key
END
    fi
    node_kubeadm "$dir" join
}

# kubeadm asks systemd to start the kubelet; here it starts as soon as its configuration is written.
node_kubeadm() {
    local dir=$1 waiting
    shift
    node_enter "$dir" bash -c 'until [[ -s /var/lib/kubelet/kubeadm-flags.env && -s /var/lib/kubelet/config.yaml ]]; do sleep 0.1; done
        kubelet-start' &
    waiting=$!
    node_enter "$dir" kubeadm "$@" --config /opt/rehearsal/kubeadm.yaml --ignore-preflight-errors=SystemVerification,Swap,NumCPU,Mem \
        >"$dir/rehearsal/log/kubeadm.log" 2>&1 || {
        kill "$waiting" 2>/dev/null || :
        tail -n 40 "$dir/rehearsal/log/kubeadm.log" >&2
        fail "kubeadm $1 failed"
    }
    wait "$waiting"
}

node_told() {
    local dir=$1
    cat <<END
Node     process $(node_pid "$dir"), disk $dir/disk, logs $dir/rehearsal/log
Enter    scripts/rehearse enter $dir bash
    or   nsenter --target $(node_pid "$dir") --mount --net --uts --ipc --pid --cgroup --root --wdns=/root env PATH=$node_path KUBECONFIG=/etc/kubernetes/admin.conf bash
Kubelet  kubelet-stop, kubelet-start (in the node)
Expire   rekindle --root $dir/disk expire (outside)
End      scripts/rehearse down $dir
END
}

# wait_for SECONDS COMMAND...: until it succeeds, ten times a second
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
