#!/bin/sh
# Installs Debian's Chromium for the browser tests, where that is possible; otherwise they skip and say so.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests (apt-get)..."
    if apt-get update -q >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y -q chromium fonts-dejavu-core >/dev/null 2>&1; then
        exit 0
    fi
fi
echo "No Chromium: browser tests will be skipped. To run them: apt-get install chromium (as root)."
exit 0
