#!/usr/bin/env bash
# Where the real components come from: KUBE_BIN_DIR, else the official release archives, else built here from Go modules that
# components/ pins. Kept outside the work tree, by version. Sourced by scripts/rehearse.

readonly kubernetes_programs=(kubeadm kubelet kubectl kube-apiserver kube-controller-manager kube-scheduler)

# binaries [MINOR]: prints the folder that holds them all.
binaries() {
    local minor=${1:-$(newest_minor)} version etcd folder program
    if [[ ${KUBE_BIN_DIR-} ]]; then
        for program in "${kubernetes_programs[@]}" etcd; do
            [[ -x $KUBE_BIN_DIR/$program ]] || fail "KUBE_BIN_DIR: no $program in $KUBE_BIN_DIR"
        done
        realpath "$KUBE_BIN_DIR"
        return
    fi
    version=$(pinned "$minor" k8s.io/kubernetes)
    etcd=$(pinned etcd go.etcd.io/etcd/server/v3)
    folder=$cache/kubernetes-$version-etcd-$etcd
    if [[ ! -e $folder/complete ]]; then
        mkdir -p "$folder"
        { released "$version" "$etcd" "$folder" || built "$minor" "$version" "$folder"; } >&2 || fail 'the components of Kubernetes cannot be had'
        : >"$folder/complete"
    fi
    echo "$folder"
}

minors() {
    basename -a "$module"/components/1.* | sort --version-sort --reverse
}

newest_minor() {
    minors | sed -n 1p
}

# pinned COMPONENT MODULE: the version in its go.mod
pinned() {
    sed -nE "s#^(require )?[[:space:]]*$2 (v[^ ]*).*#\\2#p" "$module/components/$1/go.mod" | sed -n 1p
}

# The official archives, checked against the sums that are published beside them. Fails within seconds where there is no internet.
released() {
    local version=$1 etcd=$2 folder=$3 program base=${KUBERNETES_RELEASES:-https://dl.k8s.io/release}
    local etcd_base=${ETCD_RELEASES:-https://github.com/etcd-io/etcd/releases/download}
    command -v curl >/dev/null || return
    local fetch=(curl --fail --silent --location --connect-timeout 5 --retry 2)
    "${fetch[@]}" --output "$folder/kubeadm.sha256" "$base/$version/bin/linux/amd64/kubeadm.sha256" || return
    echo "fetching the release $version of Kubernetes, and etcd $etcd"
    for program in "${kubernetes_programs[@]}"; do
        "${fetch[@]}" --output "$folder/$program" "$base/$version/bin/linux/amd64/$program" || return
        "${fetch[@]}" --output "$folder/$program.sha256" "$base/$version/bin/linux/amd64/$program.sha256" || return
        echo "$(<"$folder/$program.sha256")  $folder/$program" | sha256sum --check --quiet || return
        chmod 0755 "$folder/$program"
    done
    program=etcd-$etcd-linux-amd64
    "${fetch[@]}" --output "$folder/$program.tar.gz" "$etcd_base/$etcd/$program.tar.gz" || return
    "${fetch[@]}" --output "$folder/SHA256SUMS" "$etcd_base/$etcd/SHA256SUMS" || return
    (cd "$folder" && grep " $program.tar.gz\$" SHA256SUMS | sha256sum --check --quiet) || return
    tar -xzf "$folder/$program.tar.gz" -C "$folder" --strip-components=1 "$program/etcd"
    rm -f "$folder"/*.sha256 "$folder/SHA256SUMS" "$folder/$program.tar.gz"
}

# Built here, statically, with the version stamped in as a release has it: kubeadm and the kubelet compare versions.
built() {
    local minor=$1 version=$2 folder=$3 stamp program packages=()
    command -v go >/dev/null || { echo 'rehearse: no go on the PATH: the components can be neither fetched nor built'; return 1; }
    echo "building Kubernetes $version and etcd from source, once: some minutes"
    stamp="-X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitTreeState=clean"
    stamp+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${minor#*.}"
    for program in "${kubernetes_programs[@]}"; do packages+=("k8s.io/kubernetes/cmd/$program"); done
    export CGO_ENABLED=0 GOFLAGS='-mod=readonly -buildvcs=false'
    (cd "$module/components/$minor" && nice -n 5 go build -trimpath -ldflags "-s -w $stamp" -o "$folder/" "${packages[@]}") || return
    (cd "$module/components/etcd" && nice -n 5 go build -trimpath -ldflags '-s -w' -o "$folder/etcd" go.etcd.io/etcd/server/v3)
}
