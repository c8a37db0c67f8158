#!/usr/bin/env bash
# The driver "kind": the node is a container of kind (https://kind.sigs.k8s.io), entered with `docker exec`. Sourced by scripts/rehearse.
#
# kind's entrypoint mends the addresses in the manifests, and makes a new certificate for the API server when the address changed: it keeps
# the same one here, for the container is restarted in a network with nothing else in it, and `kind_on` looks.

readonly kind_image=${KIND_IMAGE:-kindest/node:v1.36.2}

kind_possible() {
    local program
    for program in docker kind; do
        command -v "$program" >/dev/null || skip_because "not installed: $program"
    done
    docker info >/dev/null 2>&1 || skip_because 'docker does not answer'
}

# kind_up DIR
kind_up() {
    local cluster program
    cluster=$(kind_cluster "$1")
    mkdir -p "$1"
    cat >"$1/kind.yaml" <<END
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    kubeadmConfigPatches:
      - |
        kind: ClusterConfiguration
        apiVersion: kubeadm.k8s.io/v1beta4
        encryptionAlgorithm: ${REHEARSAL_ALGORITHM:-RSA-2048}
END
    kind create cluster --name "$cluster" --image "$kind_image" --config "$1/kind.yaml" --kubeconfig "$1/kubeconfig" >"$1/kind.log" 2>&1 || {
        tail -n 20 "$1/kind.log" >&2
        fail 'kind create cluster failed'
    }
    docker exec "$cluster-control-plane" mkdir -p /opt/rehearsal/bin /opt/rehearsal/log
    for program in "$module"/node/{sample,observer,sign-again,documented,journal-key-refused} "$module"/node/kind/*; do
        docker cp "$program" "$cluster-control-plane:/opt/rehearsal/bin/"
    done
    docker cp "$(rekindle_binary)" "$cluster-control-plane:/opt/rehearsal/bin/rekindle"
}

kind_cluster() {
    echo "rekindle-$(stat -c %i "$1")"
}

kind_enter() {
    local node
    node=$(kind_cluster "$1")-control-plane
    shift
    docker exec --interactive --env "PATH=/opt/rehearsal/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
        --env KUBECONFIG=/etc/kubernetes/admin.conf --env LC_ALL=C --workdir /root "$node" "$@"
}

kind_off() {
    docker kill "$(kind_cluster "$1")-control-plane" >/dev/null
}

kind_on() {
    docker start "$(kind_cluster "$1")-control-plane" >/dev/null
    wait_for 60 kind_enter "$1" ctr version >/dev/null 2>&1 || fail 'the container does not come up'
    [[ ! -e $1/apiserver.expired ]] || kind_enter "$1" sha256sum --check --quiet - <"$1/apiserver.expired" ||
        fail 'kind made a new certificate for the API server, as its address changed: this would count as recovered'
}

# On a disk that is off nothing can be written here: it is started for that, and ended again. The kubelet is stopped, and the node's root
# shown at another place.
kind_expire() {
    local container running
    container=$(kind_cluster "$1")-control-plane
    running=$(docker inspect --format '{{.State.Running}}' "$container")
    if [[ $running = false ]]; then
        docker start "$container" >/dev/null
        wait_for 60 kind_enter "$1" true || fail 'the container does not come up'
    fi
    kind_enter "$1" bash -c 'systemctl stop kubelet && mkdir -p /run/node && mount --rbind / /run/node &&
        rekindle --root /run/node expire; status=$?; umount --recursive --lazy /run/node; exit "$status"'
    kind_enter "$1" sha256sum /etc/kubernetes/pki/apiserver.crt >"$1/apiserver.expired"
    [[ $running = true ]] || docker kill "$container" >/dev/null
}

kind_end() {
    kind delete cluster --name "$(kind_cluster "$1")" >/dev/null 2>&1
}

# Arguments for `recover`: systemd is there, and found.
kind_kubelet() {
    :
}
