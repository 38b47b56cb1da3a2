#!/bin/sh
# build.sh PREFIX OUT: builds the plugin against the SDK installed under PREFIX and nothing else of
# Deskmate's, into OUT/plugins/shop-reference.
set -eu
if [ $# -ne 2 ]; then
  echo "usage: $0 PREFIX OUT" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
# A copy outside of the tree, so that no header beside the plugin can help.
rm -rf "$2/source"
mkdir "$2/source"
cp "$here/CMakeLists.txt" "$here/plugin.toml" "$here/shop_reference.cpp" "$2/source/"
cmake -S "$2/source" -B "$2" -DCMAKE_PREFIX_PATH="$1" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF >"$2/configure.log"
cmake --build "$2" >"$2/build.log" || { cat "$2/build.log" >&2; exit 1; }
echo "$2/plugins/shop-reference"
