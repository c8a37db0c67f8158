#!/usr/bin/env bash
# Every check of this project, each under a heading, and a summary that names all that failed or was skipped.
#
# Usage: scripts/test.sh [--full]    (--full: every fault at every place, all crash states, corpora, ten minutes of each fuzz target;
#                                    some hours on two cores)
# Runs from any folder, without a terminal, as root or not. What is missing it installs: packages (as root, with apt), rustup
# components, chromium (as root, with apt), and under ~/.cache a pinned cargo-deny and nfpm, Debian's etcd and promtool, a clean root file
# system, Ansible, and what judges the report in the browser, from npm (browser-1; with --full also what a release is made with). Writes
# nothing else outside the target folder.
# The last line is "N passed, N failed, N skipped": checks, and the tests of `cargo test` one by one. Exit: 0 nothing failed, 1 else.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

readonly deny_version=0.20.2
readonly largest_binary=7200000    # bytes; some 300,000 of them are the runbooks
readonly skip=77    # what a check returns when it was skipped; why is in $reason

passed=() failed=() skipped=()
tests_passed=0
reason=

main() {
    case ${1-} in
        '') ;;
        --full) export REKINDLE_FULL=1 PROPTEST_CASES=${PROPTEST_CASES:-4096} ;;
        *) echo 'usage: scripts/test.sh [--full]' >&2; exit 2 ;;
    esac
    scratch=$(mktemp -d) || exit 1
    trap 'rm -rf "$scratch"' EXIT
    git status --porcelain >"$scratch/status-before" 2>/dev/null || rm "$scratch/status-before"

    check tools 'what the checks need is installed' tools
    check tracing 'strace is here, and may trace and inject' tracing
    check format 'cargo fmt --check' format
    check lints 'cargo clippy, no warning allowed' lints
    check documentation 'cargo doc, no warning allowed' documentation
    check dependencies 'cargo deny: bans, licenses, sources' dependencies
    check advisories 'cargo deny: security advisories' advisories
    check shell 'shellcheck of every script' shell
    check tests 'cargo test' tests
    check power 'loss of power: a sample of crash states, or all' power
    check release 'release build' release
    check static 'the binary needs no library' statically_linked
    check chroot 'the binary runs where there is nothing else' alone_in_a_chroot
    check size "the binary has at most $largest_binary bytes" small
    check packages 'packages: judged, installed, used and removed on a clean root file system' packages
    check browser "the report in a real browser: nothing from outside, contrast, keyboard, narrow, paper" browser
    check rehearsals 'real Kubernetes: the worst situation and three others, or all' rehearsals
    check ansible 'Ansible: lint, or the playbooks on five machines of real Kubernetes, too' ansible
    check units 'systemd takes the units' units
    check documents 'what the documents name is there' documents
    if [[ -n ${REKINDLE_FULL-} ]]; then
        check faults 'every fault at every place' own_proof scripts/faults
        check reproducible 'two builds of a release: the same bytes; aarch64 runs' own_proof scripts/deploy/packaging/build-twice
        check damage 'journals damaged at every place' own_proof scripts/damage
        check fuzz 'ten minutes of each fuzz target' own_proof scripts/fuzz
    fi
    check clean 'nothing was left in the work tree' clean
    summary
}

# check NAME HEADING COMMAND...
check() {
    local name=$1 heading=$2 before=$SECONDS status
    shift 2
    printf '\n== %s: %s\n' "$name" "$heading"
    reason=
    "$@"
    status=$?
    case $status in
        0) [[ $name = tests ]] || passed+=("$name") ;;
        "$skip") skipped+=("$name: $reason"); echo "skipped: $name: $reason" ;;
        *) failed+=("$name${reason:+: $reason}"); echo "FAILED: $name${reason:+: $reason}" ;;
    esac
    echo "($((SECONDS - before)) s)"
}

skip_because() {
    reason=$1
    return "$skip"
}

fail_because() {
    reason=$1
    return 1
}

summary() {
    local line
    printf '\n== summary\n'
    for line in "${passed[@]}"; do echo "passed: $line"; done
    echo "passed: $tests_passed tests"
    for line in "${skipped[@]}"; do echo "skipped: $line"; done
    for line in "${failed[@]}"; do echo "failed: $line"; done
    echo "$((${#passed[@]} + tests_passed)) passed, ${#failed[@]} failed, ${#skipped[@]} skipped"
    ((${#failed[@]} == 0))
}

# --- the checks -----------------------------------------------------------------------------------------------------------------

tools() {
    local program packages=()
    command -v cargo >/dev/null || fail_because 'cargo is not installed: see https://rustup.rs' || return
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt || fail_because 'rustup component add rustfmt' || return
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy || fail_because 'rustup component add clippy' || return
    for program in openssl jq shellcheck strace faketime curl ip age; do
        command -v "$program" >/dev/null || packages+=("${program/#ip/iproute2}")
    done
    if ((${#packages[@]})); then
        installed "${packages[@]}" || return
    fi
    etcd_unpacked
    promtool_unpacked
}

installed() {
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        skip_because "only root can, with apt: apt-get install $*"
        return
    fi
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update -qq && apt-get install -qq --no-install-recommends -y "$@"; }; then
        fail_because "apt-get install $*"
    fi
}

# A real etcd for the live tests, and etcdctl for a runbook. Not installed: Debian would start it as a service, now and whenever this machine boots.
etcd_unpacked() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/rekindle/etcd
    export PATH=$PATH:$cache/usr/bin
    ! { command -v etcd && command -v etcdctl; } >/dev/null || return 0
    local packages=(etcd-server etcd-client)
    if ! (cd "$scratch" && { apt-get download -qq "${packages[@]}" || { apt-get update -qq && apt-get download -qq "${packages[@]}"; }; } &&
        mkdir -p "$cache" && dpkg -x etcd-server_*.deb "$cache" && dpkg -x etcd-client_*.deb "$cache"); then
        skip_because "there is no etcd, nor a package of it (Debian: ${packages[*]})"
    fi
}

# Each directive that is missing has its reason in the units: none may make a mount namespace.
units() {
    command -v systemd-analyze >/dev/null || { skip_because 'systemd-analyze is not here (Debian: systemd)'; return; }
    local unit page folder=$scratch/units named=0
    mkdir -p "$folder"
    # --man=no below: whether the machine's own manual has the pages is another matter. Those that a package brings must be named.
    cargo run --quiet --locked --example manual -- "$scratch/manual" 2026-01-01 || return
    while IFS=: read -r unit page; do
        named=$((named + 1))
        [[ -e $scratch/manual/man/$page ]] || { fail_because "$unit names the page $page, which there is not"; return; }
    done < <(grep -o 'man:.*' scripts/deploy/systemd/* | sed -nE 's/^([^:]*):man:(.*)\((.*)\)$/\1:\2.\3/p')
    ((named == $(find scripts/deploy/systemd -type f | wc -l))) || { fail_because 'not every unit names a page of the manual'; return; }
    cp scripts/deploy/systemd/* "$folder/"
    # What a unit starts must be there to be verified.
    sed -i 's|/usr/bin/rekindle|/bin/true|' "$folder"/*.service
    for unit in "$folder"/*; do
        SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no "$unit" || return
    done
    systemd-analyze security --offline=true --threshold=70 "$folder"/rekindle-renew.service "$folder"/rekindle-check.service >"$scratch/security" ||
        { cat "$scratch/security"; return 1; }
}

# Judges metrics and alert rules. Not installed, for the same reason. Without it these tests alone say that they are skipped.
promtool_unpacked() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/rekindle/prometheus
    export PATH=$PATH:$cache/usr/bin
    ! command -v promtool >/dev/null || return 0
    (cd "$scratch" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } &&
        mkdir -p "$cache" && dpkg -x prometheus_*.deb "$cache") || echo 'there is no promtool, nor a package of it (Debian: prometheus)'
}

# Without it each test of an interruption passes, and has tried nothing: that is no pass of the whole.
tracing() {
    strace -o /dev/null -e inject=close:error=EIO:when=9999 true ||
        fail_because 'strace is not here, or may not trace (kernel.yama.ptrace_scope, a container without SYS_PTRACE)'
}

# The proofs that are packages of their own are held to the same. The fuzz targets need a nightly compiler to be built: format only.
format() {
    local manifest status=0
    for manifest in Cargo.toml tests/{fuzz,power_loss}/Cargo.toml; do
        cargo fmt --check --manifest-path "$manifest" || status=1
    done
    return "$status"
}

lints() {
    cargo clippy --all-targets --locked -- -D warnings || return
    cargo metadata --locked --format-version 1 --manifest-path tests/fuzz/Cargo.toml >/dev/null || fail_because 'tests/fuzz/Cargo.lock' || return
    cargo clippy --all-targets --locked --manifest-path tests/power_loss/Cargo.toml --target-dir target -- -D warnings
}

documentation() {
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --document-private-items --locked
}

dependencies() {
    cargo_deny || return
    "$deny" --locked check --hide-inclusion-graph bans licenses sources
}

# The database comes over the network. Without one, a copy that an earlier run fetched will do; without both it is a skip.
advisories() {
    local output=$scratch/advisories databases=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs
    cargo_deny || return
    GIT_TERMINAL_PROMPT=0 timeout 300 "$deny" --locked check --hide-inclusion-graph advisories >"$output" 2>&1 &&
        { cat "$output"; return 0; }
    if ! grep -q '^advisories FAILED' "$output" && compgen -G "$databases/*/" >/dev/null; then
        echo 'the database cannot be reached: using the copy that is here'
        "$deny" --locked --offline check --hide-inclusion-graph advisories >"$output" 2>&1 && { cat "$output"; return 0; }
    fi
    cat "$output"
    if grep -q '^advisories FAILED' "$output"; then
        return 1
    fi
    skip_because 'the advisory database cannot be reached, and no usable copy is here'
}

shell() {
    local scripts
    command -v shellcheck >/dev/null || skip_because 'shellcheck is not installed' || return
    mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh$' scripts .ci tests/rehearsal tests/live tests/ansible)
    ((${#scripts[@]})) && shellcheck "${scripts[@]}"
}

# A test that cannot run here prints a line "skipped: WHY" on its standard output; that and `#[ignore = "WHY"]` are skips.
tests() {
    local output=$scratch/tests status name why succeeded unable=()
    cargo test --locked --no-fail-fast -- --show-output 2>&1 | tee "$output"
    status=${PIPESTATUS[0]}
    succeeded=$(sed -n 's/^test result: .* \([0-9]*\) passed;.*/\1/p' "$output" | paste -sd+)
    while IFS=$'\t' read -r name why; do
        skipped+=("test $name: ${why:-ignored}")
    done < <(sed -nE 's/^test (.*) \.\.\. ignored(, )?(.*)$/\1\t\3/p' "$output")
    mapfile -t unable < <(awk '/^---- .* stdout ----$/ { name = $2 } sub(/^skipped: /, "") { print "test " name ": " $0 }' "$output")
    skipped+=("${unable[@]}")
    # One test may tell of several things that it could not do.
    tests_passed=$((${succeeded:-0} - $(printf "%s\n" "${unable[@]%%: *}" | sort -u | grep -c .)))
    while read -r name; do
        failed+=("test $name")
    done < <(sed -nE 's/^test (.*) \.\.\. FAILED$/\1/p' "$output")
    ((status == 0)) && return
    if grep -qE '^test .* \.\.\. FAILED$' "$output"; then
        echo 'FAILED: tests'
        return 0    # each is counted already
    fi
    fail_because 'cargo test did not come to its end'
}

power() {
    if [[ -n ${REKINDLE_FULL-} ]]; then
        own_proof scripts/power-loss
    else
        own_proof scripts/power-loss --quick
    fi
}

# A script of ours that prints a table; it exits with 77 and a line "skipped: WHY" where it cannot run.
own_proof() {
    local output=$scratch/proof status
    "$@" 2>&1 | tee "$output"
    status=${PIPESTATUS[0]}
    ((status != skip)) || skip_because "$(sed -n 's/^skipped: //p' "$output" | tail -n 1)"
    return "$status"
}

release() {
    binary=$(cargo build --release --locked --message-format json-render-diagnostics |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p') && [[ -x $binary ]]
}

packages() {
    local program missing=()
    built || return
    for program in lintian rpmlint rpm mandoc mmdebstrap; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    if ((${#missing[@]})); then
        installed "${missing[@]}" || return
    fi
    own_proof scripts/deploy/packaging/prove "$binary"
}

rehearsals() {
    built || return
    if [[ -n ${REKINDLE_FULL-} ]]; then
        REKINDLE_BINARY=$binary own_proof scripts/rehearse --full
    else
        REKINDLE_BINARY=$binary own_proof scripts/rehearse \
            rebooted-kubelet-dead expired-while-running kubeadm-renewed-not-restarted missing-apiserver-cert
    fi
}

# Ansible, on a fleet of real Kubernetes.
ansible() {
    built || return
    if [[ -n ${REKINDLE_FULL-} ]]; then
        REKINDLE_BINARY=$binary own_proof tests/ansible/run
    else
        REKINDLE_BINARY=$binary own_proof tests/ansible/run --lint
    fi
}

# The report in a real browser. Its judges come from npm, and are kept in the cache.
browser() {
    built || return
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/rekindle/browser-1 node=$scratch/browser-node pictures=$scratch/pictures
    command -v node >/dev/null && command -v npm >/dev/null || skip_because 'node and npm are not installed' || return
    command -v chromium >/dev/null || installed chromium || skip_because 'there is no chromium' || return
    [[ -d $cache/node_modules/axe-core ]] ||
        npm install --silent --no-audit --no-fund --prefix "$cache" playwright-core@1 axe-core@4 ||
        skip_because 'npm cannot fetch playwright-core and axe-core' || return
    mkdir -p "$node" "$pictures" && scripts/materialize-node ecdsa-p256-stacked "$node" &&
        "$binary" --root "$node" recover --yes --reason '<script>alert(1)</script>' >/dev/null &&
        "$binary" --root "$node" report --out "$scratch/one.html" &&
        "$binary" --root "$node" journal export --out "$scratch/run.tar" >/dev/null &&
        "$binary" --root "$node" report "$scratch/run.tar" "$scratch/run.tar" --out "$scratch/fleet.html" || return
    local restarted=testdata/journals/restarted
    "$binary" report "$restarted"/*.jsonl --ca "$restarted/ca.crt" --out "$scratch/restarted.html" || return
    node tests/report/browser/judge.mjs "$cache/node_modules" "$pictures" "$scratch"/{one,fleet,restarted}.html
}

statically_linked() {
    built || return
    local libraries
    libraries=$(ldd "$binary" 2>&1)
    echo "$libraries"
    [[ $libraries == *'statically linked'* || $libraries == *'not a dynamic executable'* ]]
}

alone_in_a_chroot() {
    built || return
    local root=$scratch/chroot enter=(chroot) version printed
    mkdir "$root" && cp "$binary" "$root/rekindle" || return
    ((EUID == 0)) || enter=(unshare --user --map-root-user chroot)
    if ! "${enter[@]}" / true 2>/dev/null; then
        skip_because 'chroot is not allowed to this user'
        return
    fi
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
    printed=$(env -i "PATH=$PATH" "${enter[@]}" "$root" /rekindle --version) || return
    echo "$printed"
    # There is no /proc: so it cannot read its own file, and says so.
    [[ $printed = "rekindle $version"$'\n'commit:*$'\n'target:*$'\nsha256: unknown'* ]] ||
        fail_because "--version printed \"$printed\", not version, commit, target, and that the digest is unknown"
}

small() {
    built || return
    local size
    size=$(stat -c %s "$binary")
    echo "$size bytes"
    ((size <= largest_binary))
}

documents() {
    [[ -e README.md ]] || skip_because 'there is no README.md' || return
    built || return
    scripts/check-documents "$binary"
}

clean() {
    [[ -e $scratch/status-before ]] || skip_because 'this is no git work tree' || return
    diff "$scratch/status-before" <(git status --porcelain)
}

# --- what they share ------------------------------------------------------------------------------------------------------------

built() {
    [[ -x ${binary-} ]] || fail_because 'there is no release build'
}

# Sets $deny to the pinned cargo-deny: the one on the PATH, or the one in the cache, or one compiled into it now.
cargo_deny() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/rekindle/cargo-deny-$deny_version
    for deny in "$(command -v cargo-deny)" "$cache/bin/cargo-deny"; do
        [[ $("$deny" --version 2>/dev/null) != "cargo-deny $deny_version" ]] || return 0
    done
    # Not from here: .cargo/config.toml is for this project's own build.
    if ! (cd / && cargo install --quiet --locked --root "$cache" --version "$deny_version" cargo-deny); then
        skip_because "cargo-deny $deny_version cannot be installed here"
    fi
}

main "$@"
