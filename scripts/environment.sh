# Sourced by the scripts: the cache folder and how many compilers to run. Works with an empty environment.
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
if [ -z "${HOME:-}" ]; then HOME=$(getent passwd "$(id -u)" | cut -d: -f6); export HOME; fi
export HEADROOM_CACHE_DIR="${HEADROOM_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/headroom}"

# Presets that compile a file alike share what ccache keeps of it, though they build in folders of their own.
export CCACHE_NOHASHDIR=1

# build PRESET [TARGET…]: configure and build, everything or only the named targets.
build() {
  local preset=$1 options=() targets=()
  shift
  if [ $# -gt 0 ]; then targets=(--target "$@"); fi
  if [ -n "${HEADROOM_TORCH_DIR:-}" ]; then options+=("-DHEADROOM_TORCH_DIR=$HEADROOM_TORCH_DIR"); fi
  echo "== building preset $preset"
  mkdir -p "build/$preset"
  cmake --preset "$preset" "${options[@]}" >"build/$preset/configure.log" 2>&1 ||
    { cat "build/$preset/configure.log" >&2; return 1; }
  cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}"
}
