# Sourced by the scripts: the cache folder and how many compilers to run. Works with an empty environment.
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
if [ -z "${HOME:-}" ]; then HOME=$(getent passwd "$(id -u)" | cut -d: -f6); export HOME; fi
export HEADROOM_CACHE_DIR="${HEADROOM_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/headroom}"

# build PRESET: configure and build, quietly unless it fails.
build() {
  local options=()
  if [ -n "${HEADROOM_TORCH_DIR:-}" ]; then options+=("-DHEADROOM_TORCH_DIR=$HEADROOM_TORCH_DIR"); fi
  echo "== building preset $1"
  mkdir -p "build/$1"
  cmake --preset "$1" "${options[@]}" >"build/$1/configure.log" 2>&1 || { cat "build/$1/configure.log" >&2; return 1; }
  cmake --build --preset "$1" -j "$(nproc)"
}
