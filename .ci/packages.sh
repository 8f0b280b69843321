# Sourced by ./run and ./test: what Portico needs from Debian, and how it gets there.

build_packages=(
    libssl-dev libtomlplusplus-dev libnghttp2-dev libseccomp-dev
    zlib1g-dev libbrotli-dev libzstd-dev libpcre2-dev libvectorscan-dev libxml2-dev
    libjpeg62-turbo-dev libpng-dev libwebp-dev libavif-dev libgif-dev liblcms2-dev
)
test_packages=(curl openssl ca-certificates libmodsecurity3)

# install_missing PACKAGE…: installs those that are not there yet; says nothing where all are.
install_missing() {
    local name missing=() raise=()
    for name in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)" != installed ]; then
            missing+=("$name")
        fi
    done
    [ ${#missing[@]} -eq 0 ] && return 0

    if ! command -v apt-get >/dev/null; then
        echo "These packages are missing, and this system has no apt-get: ${missing[*]}" >&2
        exit 2
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            echo "These packages are missing: ${missing[*]}" >&2
            echo "Install them with: sudo apt-get install ${missing[*]}" >&2
            exit 2
        fi
        raise=(sudo -n)
    fi

    echo "Installing ${missing[*]}" >&2
    local report
    report=$(mktemp)
    # "env" so that the setting also survives sudo.
    if ! {
        ${raise[@]+"${raise[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
            ${raise[@]+"${raise[@]}"} env DEBIAN_FRONTEND=noninteractive \
                apt-get -q -y install --no-install-recommends "${missing[@]}"
    } >"$report" 2>&1 </dev/null; then
        cat "$report" >&2
        rm -f "$report"
        echo "Installing failed; the packages are: ${missing[*]}" >&2
        exit 2
    fi
    rm -f "$report"
}

# need_swift: a Swift toolchain of 6.2 or newer.
need_swift() {
    # Where HOME is not set or not to be written to, SwiftPM needs another place for its caches.
    if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ] || [ ! -w "$HOME" ]; then
        mkdir -p .build/home
        HOME=$PWD/.build/home
        export HOME
    fi
    if ! command -v swift >/dev/null; then
        echo "There is no swift in PATH. Portico needs Swift 6.2 or newer: https://www.swift.org/install/" >&2
        exit 2
    fi
    local version major minor
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1 || true)
    major=${version%%.*}
    minor=${version#*.}
    if [ -z "$version" ] || [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
        echo "Portico needs Swift 6.2 or newer; this is ${version:-an unknown version}." >&2
        exit 2
    fi
}
