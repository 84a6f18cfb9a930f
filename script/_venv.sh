# Sourced by the other scripts. Makes .venv hold exactly what is pinned, with nothing
# but Python, a shell and (where Debian split something off Python) apt to begin with.

# What has been compiled once is kept: compiling it again at every start of a program takes
# as long as the start itself. 29 MB.
unset PYTHONDONTWRITEBYTECODE

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# apt_install WHAT PACKAGE...: install system packages, or say what to install.
apt_install() {
    what=$1
    shift
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        fail "$what is missing. Install it first; on Debian and Ubuntu: apt-get install $*"
    fi
    echo "Installing $what …"
    export DEBIAN_FRONTEND=noninteractive
    # A list that cannot be refreshed may still be good enough to install from.
    apt-get update -qq >/dev/null || true
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        fail "$what could not be installed. The lines above tell why."
}

find_python() {
    for python in ${PYTHON:+"$PYTHON"} python3.11 python3; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    fail "Python 3.11 or later is needed. On Debian and Ubuntu: apt-get install python3 python3-venv"
}

# requirements_met STAMP WANTED: whether .venv works and holds what is wanted.
requirements_met() {
    [ "$(cat "$1" 2>/dev/null)" = "$2" ] && .venv/bin/python -c '' 2>/dev/null
}

create_venv() {
    # What was being installed when the last try died may be half there.
    if [ -e .venv/.installing ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        rm -rf .venv
    fi
    mkdir -p .venv
    : >.venv/.installing
    [ -x .venv/bin/python ] && return
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install "Python's venv" python3-venv
    "$python" -m venv .venv || fail "The virtual environment .venv could not be made."
}

# install_requirements NAME FILE...: have .venv hold what the files name.
install_requirements() {
    stamp=.venv/.installed-$1
    shift
    wanted=$(cat "$@" | cksum)
    requirements_met "$stamp" "$wanted" && return
    find_python
    # The lock is on the open file: it ends with the last process that holds it, however it ends.
    exec 9<requirements.txt
    "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    if ! requirements_met "$stamp" "$wanted"; then
        echo "Installing what is pinned in $* (the first time this takes a minute or two) …"
        create_venv
        set -- $(printf -- '-r %s ' "$@")
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input \
            --no-compile --require-hashes "$@" ||
            fail "The packages could not be installed. The lines above tell why."
        # Came with the environment or with a package, is used by nothing, and takes room (27 MB).
        .venv/bin/python -m pip uninstall -qq --yes setuptools hf_xet
        rm -rf .venv/lib/python3*/site-packages/numpy/*/tests
        printf '%s\n' "$wanted" >"$stamp"
        rm -f .venv/.installing
    fi
    exec 9<&-
}
