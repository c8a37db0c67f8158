#!/usr/bin/env bash
# Images of the control plane as containerd imports them: one layer each, with one static binary and nothing else.
# Sourced by scripts/rehearse.

# make_images KUBE_BIN_DIR FOLDER: one tar for each image that kubeadm asks for; those that are there already stay.
make_images() {
    local binaries=$1 folder=$2 image component
    mkdir -p "$folder"
    while read -r image; do
        component=${image##*/}
        component=${component%%:*}
        case $component in
            kube-apiserver | kube-controller-manager | kube-scheduler | etcd)
                make_image "$image" "$binaries/$component" "$folder/$component.tar" ;;
            pause) make_pause "$folder/pause"; make_image "$image" "$folder/pause" "$folder/pause.tar" ;;
        esac
    done < <("$binaries/kubeadm" config images list --kubernetes-version "$("$binaries/kubeadm" version -o short)")
}

# make_image NAME BINARY TAR
make_image() {
    local image=$1 binary=$2 tar=$3 work layer
    [[ ! -e $tar ]] || return 0
    work=$(mktemp -d "$tar.XXXXXX")
    mkdir -p "$work/root/usr/local/bin" "$work/root/tmp" "$work/root/etc" "$work/image"
    cp "$binary" "$work/root/usr/local/bin/"
    echo 'root:x:0:0:root:/:/none' >"$work/root/etc/passwd"
    tar -C "$work/root" --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -cf "$work/image/layer.tar" .
    layer=$(sha256sum "$work/image/layer.tar")
    printf '{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/local/bin"],"Entrypoint":["/usr/local/bin/%s"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "${binary##*/}" "${layer%% *}" >"$work/image/config.json"
    printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$image" >"$work/image/manifest.json"
    tar -C "$work/image" -cf "$work/tar" manifest.json config.json layer.tar
    mv "$work/tar" "$tar"
    rm -rf "$work"
}

make_pause() {
    [[ -e $1 ]] || cc -static -Os -s -o "$1" "$module/node/pause.c"
}
