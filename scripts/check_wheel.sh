#!/usr/bin/env bash
# Build sdist and wheel, then use the wheel in fresh environments: with the newest dependencies on every Python that is
# here, with the oldest allowed ones, and with each optional package hidden in turn.
#
#   scripts/check_wheel.sh [DIR]     keeps the distributions in DIR
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dist=${1:-$work/dist}
smoke=$PWD/scripts/smoke.py
read -ra pythons <<< "${PYTHONS:-python3.11 python3.12 python3.13}"
extras=io,jax,stats,scan
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1

first=""
for python in "${pythons[@]}"; do
  if "$python" -c "" 2> /dev/null; then first=${first:-$python}; else echo "-- no $python here"; fi
done
"$first" -m venv "$work/tools"
"$work/tools/bin/pip" install build twine uv
"$work/tools/bin/python" -m build --outdir "$dist" . > "$work/build.log" || { cat "$work/build.log"; exit 1; }
wheel=$(ls "$dist"/*.whl)
"$work/tools/bin/twine" check --strict "$dist"/*

use() { # directory of the environment, name for the log, arguments of the smoke test
  local place=$1 name=$2
  shift 2
  if (cd "$work" && "$place/bin/python" "$smoke" "$@" > "$work/smoke.log" 2>&1); then
    echo "ok  $name"
  else
    cat "$work/smoke.log"
    echo "FAILED  $name"
    exit 1
  fi
}

for python in "${pythons[@]}"; do
  "$python" -c "" 2> /dev/null || continue
  "$python" -m venv "$work/env-${python##*/}"
  "$work/env-${python##*/}/bin/pip" install "$wheel"
  use "$work/env-${python##*/}" "$python, newest dependencies, no extra" --beam
done

"$work/env-${first##*/}/bin/pip" install "$wheel[$extras]"
for module in awkward jax pyarrow pyhepmc pylhe uproot pyhf yaml dask distributed; do
  use "$work/env-${first##*/}" "$first, every extra but the package $module" --hide "$module"
done

"$work/tools/bin/uv" --quiet pip compile --resolution lowest-direct --python "$work/env-${first##*/}/bin/python" \
  --extra io --extra jax --extra stats --extra scan pyproject.toml -o "$work/oldest.txt"
"$first" -m venv "$work/oldest"
"$work/oldest/bin/pip" install -r "$work/oldest.txt"
"$work/oldest/bin/pip" install --no-deps "$wheel"
use "$work/oldest" "$first, oldest dependencies, every extra" --beam
