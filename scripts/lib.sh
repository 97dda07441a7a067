# shellcheck shell=bash
# What the scripts share. Source it from a script; it moves to the project's root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One line of progress, apart from what a script prints as its result.
say() { echo "$(basename "$0"): $*" >&2; }

die() {
    say "$*"
    exit 1
}

# What cannot be had here is skipped by a person, but never silently by CI.
skip() {
    echo "SKIPPED: $*" >&2
    if [ "${CI:-}" = true ]; then
        say "CI=true: what is skipped counts as failed"
        exit 1
    fi
    exit 77
}

# The package is there: installed, whole.
is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs those of the named Debian packages that are missing.
need_packages() {
    local missing=() package as_root=()
    command -v dpkg-query >/dev/null ||
        die "this is not Debian or a relative of it; install by hand: $*"
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "packages are missing and there is no sudo;" \
            "as root: apt-get install --no-install-recommends ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    mkdir -p build
    # Two tests at once may want some; apt does not wait, and what it starts holds no lock.
    {
        flock 7 &&
            "${as_root[@]}" apt-get update -q 7>&- &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
                --no-install-recommends "${missing[@]}" 7>&-
    } >"$log" 2>&1 </dev/null 7>build/packages.lock || {
        tail -20 "$log" >&2
        die "apt-get failed; the packages wanted: ${missing[*]}"
    }
    rm -f "$log"
}

# Holds the lock build/NAME.lock until the script ends, so that two scripts at once do not
# make the same thing. Daemons must not inherit it: start them with 9>&-.
hold_lock() {
    mkdir -p build
    exec 9>"build/$1.lock"
    flock 9
}
release_lock() { exec 9>&-; }
