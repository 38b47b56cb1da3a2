#!/usr/bin/env bash
# Installs what Deskmate needs on Debian 12, for building, running and testing. Safe to run again;
# does nothing when everything is there. Both commands of README.md call it.
#   tests/setup.sh [build|test|bench|browser]   build: compiler and libraries; test (default): also
#                                       servers and tools; bench: also those that the measurements
#                                       compare with; browser: also a browser, for the console's tests
set -euo pipefail
cd "$(dirname "$0")/.."

readonly what=${1:-test}
readonly deps=.build/deps # beside the build folders, so that every preset shares it

build_packages=(
  cmake ninja-build ccache g++ pkg-config git ca-certificates
  libboost1.81-dev liblmdb-dev libssl-dev libsodium-dev libcurl4-openssl-dev
  libspdlog-dev libtomlplusplus-dev libcli11-dev libgmime-3.0-dev libetpan20 libgumbo-dev
  libqrencode-dev libzstd-dev
  libhowardhinnant-date-dev tzdata
)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
  clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev
  opensmtpd dovecot-core dovecot-imapd dovecot-lmtpd
  python3 python3-msgpack strace iproute2 iptables procps e2fsprogs mount
)
bench_packages=(nats-server mosquitto)
browser_packages=(chromium fonts-dejavu-core fonts-wqy-microhei fonts-noto-color-emoji)

missing() { # prints those of its arguments that are not installed
  local p
  for p in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
  done
}

wanted=("${build_packages[@]}")
[ "$what" = build ] || wanted+=("${test_packages[@]}")
[ "$what" != bench ] || wanted+=("${bench_packages[@]}")
[ "$what" != browser ] || wanted+=("${browser_packages[@]}")
# The console is built with Node; a newer one from elsewhere serves as well as Debian's.
command -v node >/dev/null || wanted+=(nodejs)
command -v npm >/dev/null || wanted+=(npm)

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "setup: run as root or install sudo" >&2; exit 1; }
  as_root=(sudo)
fi

mapfile -t absent < <(missing "${wanted[@]}")
if [ "${#absent[@]}" -gt 0 ]; then
  echo "setup: installing ${absent[*]}"
  "${as_root[@]}" apt-get update -qq
  # Mail servers must not start by themselves: the tests run their own on loopback.
  policy=/usr/sbin/policy-rc.d
  made_policy=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
    "${as_root[@]}" chmod 755 $policy
    made_policy=1
  fi
  status=0
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${absent[@]}" >/dev/null || status=$?
  [ -z "$made_policy" ] || "${as_root[@]}" rm -f $policy
  [ $status = 0 ] || { echo "setup: apt-get install failed" >&2; exit $status; }
fi

# Two development packages cannot be installed beside the others on Debian 12, so they are unpacked:
# libmsgpack-cxx-dev (headers only) depends on Boost 1.74, which conflicts with 1.81;
# libetpan-dev depends on the GnuTLS flavour of libcurl's headers, which conflicts with OpenSSL's.
unpack() { # unpack PACKAGE HEADER
  [ ! -e "$deps/usr/include/$2" ] && [ ! -e "/usr/include/$2" ] || return 0
  echo "setup: unpacking $1"
  mkdir -p "$deps/download"
  (cd "$deps/download" && { apt-get download -qq -o APT::Sandbox::User=root "$1" ||
    { "${as_root[@]}" apt-get update -qq && apt-get download -qq -o APT::Sandbox::User=root "$1"; }; })
  dpkg -x "$deps/download/$1"_*.deb "$deps"
}
unpack libmsgpack-cxx-dev msgpack.hpp
unpack libetpan-dev libetpan/libetpan.h
