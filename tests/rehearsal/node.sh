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
    ((${#missing[@]} == 0)) || skip_because "not installed: ${missing[*]} (apt-get install containerd runc iproute2 conntrack iptables)"
    unshare --mount --net --uts --ipc --pid --cgroup --fork true 2>/dev/null || skip_because 'namespaces are not allowed here'
}

# node_up DIR: returns when the machine runs; for a new one, when kubeadm has made the cluster.
node_up() {
    local dir=$1 binaries images name address
    node_possible
    ! node_pid "$dir" >/dev/null || fail "$dir: it runs already"
    binaries=$(binaries "${REHEARSAL_MINOR-}")
    images=$(node_images "$binaries")
    name=${REHEARSAL_NAME:-control-plane} address=${REHEARSAL_ADDRESS:-192.0.2.10}
    chmod 0700 "$dir"
    mkdir -p "$dir/mnt" "$dir/disk" "$dir/rehearsal/bin" "$dir/rehearsal/log"
    install -m 0755 "$module"/node/{kubelet-*,sample,observer,sign-again,recover-by-hand,documented,journal-key-refused} "$dir/rehearsal/bin/"
    install -m 0755 "$(rekindle_binary)" "$dir/rehearsal/bin/rekindle"
    node_containerd "$binaries" >"$dir/rehearsal/containerd.toml"
    node_boot "$dir" "$name" "$address" "$binaries"
    if [[ -e $dir/disk/etc/kubernetes/kubelet.conf ]]; then
        node_enter "$dir" kubelet-start
    else
        node_import "$dir" "$images"
        node_init "$dir" "$name" "$address" "$binaries"
    fi
}

node_off() {
    node_down "$1"
}

node_on() {
    node_up "$1"
}

# On the disk itself, from outside: the node may run or not.
node_expire() {
    "$1/rehearsal/bin/rekindle" --root "$1/disk" expire
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
    local dir=$1 group
    shift
    rm -f "$dir/rehearsal/pid" "$dir/groups"
    node_groups "$dir"
    (
        while read -r group; do echo 0 >"$group/cgroup.procs"; done <"$dir/groups"
        exec setsid unshare --mount --net --uts --ipc --pid --cgroup --fork \
            "$module/node/init" "$dir" "$@" </dev/null >"$dir/rehearsal/log/init.log" 2>&1
    ) &
    disown
    wait_for 20 test -e "$dir/rehearsal/pid" || {
        cat "$dir/rehearsal/log/init.log" >&2
        node_groups_remove "$dir"
        fail 'the machine did not start'
    }
    wait_for 20 node_enter "$dir" ctr version >/dev/null 2>&1 || fail "containerd does not answer: $dir/rehearsal/log/containerd.log"
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
    local dir=$1 name=$2 address=$3 version
    version=$("$4/kubeadm" version -o short)
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
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
evictionHard:
  memory.available: 0%
  nodefs.available: 0%
  imagefs.available: 0%
END
    # kubeadm asks systemd to start the kubelet; here it starts as soon as its configuration is written.
    node_enter "$dir" bash -c 'until [[ -s /var/lib/kubelet/kubeadm-flags.env && -s /var/lib/kubelet/config.yaml ]]; do sleep 0.1; done
        kubelet-start' &
    node_enter "$dir" kubeadm init --config /opt/rehearsal/kubeadm.yaml --skip-phases=addon/coredns,addon/kube-proxy \
        --ignore-preflight-errors=SystemVerification,Swap,NumCPU,Mem >"$dir/rehearsal/log/kubeadm.log" 2>&1 || {
        tail -n 40 "$dir/rehearsal/log/kubeadm.log" >&2
        fail 'kubeadm init failed'
    }
    wait
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
