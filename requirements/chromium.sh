#!/bin/sh
# Sees to it that the tests in a browser find Chromium; the Makefile calls it, when .venv is there.
#
# Root on Debian or Ubuntu gets it installed. Anybody else is told in one sentence which command to give: this one
# installs nothing on a machine that it does not own.
set -eu

cd "$(dirname "$0")/.."
python=.venv/bin/python

is_there() { "$python" -m tests.e2e.browser >/dev/null 2>&1; }

if ! is_there && [ -z "${CHROMIUM:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo 'touchline: installing Chromium for the tests in a browser' >&2
    export DEBIAN_FRONTEND=noninteractive
    # Ubuntu's own package is a snap, which does not run in containers: there Playwright brings a build of its own.
    if grep -qi '^ID=.*ubuntu' /etc/os-release; then
        "$python" -m playwright install --with-deps chromium >&2 || true
    else
        { apt-get -qq update && apt-get -qq install -y chromium; } >&2 || true
    fi
fi

"$python" -m tests.e2e.browser >/dev/null # says what is missing, and how to get it
