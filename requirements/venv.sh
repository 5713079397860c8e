#!/bin/sh
# Makes .venv and fills it from a hashed requirement file; the Makefile calls it.
#
#   sh requirements/venv.sh create          a new .venv, with the first fitting Python (or $PYTHON)
#   sh requirements/venv.sh install NAME    requirements/NAME.txt into it
#
# A missing piece ends in one sentence that names the command to give.
set -eu

# What a shell, a version manager or another environment left behind must not steer this one.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV __PYVENV_LAUNCHER__ PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV || true
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

cd "$(dirname "$0")/.."
python=.venv/bin/python

stop() {
    printf 'touchline: %s\n' "$1" >&2
    exit 1
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# The commands that bring a Python to this kind of machine: $1 is the package suffix that apt needs, "3" or "3.12".
how_to_get() {
    if command -v apt-get >/dev/null 2>&1; then
        printf 'sudo apt update && sudo apt install -y %s' "$1"
    elif command -v brew >/dev/null 2>&1 || [ "$(uname)" = Darwin ]; then
        printf 'brew install python@3.13'
    elif command -v dnf >/dev/null 2>&1; then
        printf 'sudo dnf install -y python3.13'
    else
        printf 'your package manager, to install Python 3.13'
    fi
}

find_python() {
    old='' bare=''
    for name in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 /usr/bin/python3}; do
        command -v "$name" >/dev/null 2>&1 || continue
        if ! is_new_enough "$name"; then
            "$name" -c 'pass' >/dev/null 2>&1 && old=$name # a version manager's shim may run nothing at all
        elif ! has_venv "$name"; then
            bare=${bare:-$name}
        else
            printf '%s' "$name"
            return
        fi
    done
    if [ -n "$bare" ]; then
        version=$("$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if [ "$(command -v "$bare")" = /usr/bin/python3 ]; then version=3; fi
        stop "$bare comes without its venv module; give: $(how_to_get "python$version-venv") (then the same command again)"
    elif [ -n "${PYTHON:-}" ]; then
        stop "PYTHON=$PYTHON is not a Python 3.11 or newer; give: make serve PYTHON=/path/to/python3.13"
    elif [ -n "$old" ]; then
        has=$("$old" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        stop "Python 3.11 or newer is needed and only $has is here; give: $(how_to_get 'python3.11 python3.11-venv')"
    else
        stop "Python 3.11 or newer is needed and none is here; give: $(how_to_get 'python3 python3-venv')"
    fi
}

create() {
    found=$(find_python) || exit 1
    echo "touchline: making .venv with $("$found" --version)" >&2
    # The base interpreter itself, so that no shim stands between .venv and Python.
    found=$("$found" -c 'import sys; print(getattr(sys, "_base_executable", "") or sys.executable)')
    rm -rf .venv
    "$found" -m venv .venv
}

install() {
    "$python" -c 'import pip' >/dev/null 2>&1 || create # half made, moved, or its Python went away
    echo "touchline: installing requirements/$1.txt into .venv" >&2
    "$python" -m pip install --quiet --require-hashes --only-binary :all: -r "requirements/$1.txt"
    if [ "$1" = dev ]; then touch .venv/runtime.stamp; fi # dev.txt holds all of runtime.txt
    touch ".venv/$1.stamp"
}

case "${1:-}" in
    create) create ;;
    install) install "${2:?which requirements?}" ;;
    *) stop 'give: sh requirements/venv.sh create | install NAME' ;;
esac
