#!/bin/bash
# Times cuts in containers, from injected to confirmed, in this tree and in an older one, in turn,
# twice each: what leases and undo cost where clusters are made, they must not. Nothing may run
# beside it. Without leases was the commit before 0576921.
#
# usage: bench/cut-cost.sh [COMMIT] (CUTS=50)
set -euo pipefail
cd "$(dirname "$0")/.."
commit=${1:-0576921^}
export DRILLBOOK_CUTS=${CUTS:-50}
out=$(mktemp -d)
trap 'git worktree remove --force "$out/older" 2>/dev/null || true; rm -rf "$out"' EXIT
git worktree add -q --detach "$out/older" "$commit"
cp harness/link/cut/cost_test.go "$out/older/harness/link/cut/"
for tree in "$out/older" "$PWD"; do
	(cd "$tree" && go test -c -o "$out/$(basename "$tree").test" ./harness/link/cut)
done
for _ in 1 2; do
	for tree in "$out/older" "$PWD"; do
		printf '%-8s' "$([[ $tree == "$PWD" ]] && echo now || echo before)"
		(cd "$tree/harness/link/cut" && "$out/$(basename "$tree").test" -test.v -test.run '^TestCutCost$') |
			grep -o 'cut, injected.*\|^--- FAIL.*'
	done
done
