#!/bin/bash
# Times the harness' own benchmarks (ten times each, for benchstat), and the
# drill of a lost primary against the bare commands, in turn.
#
# usage: bench/run.sh [PAIRS]
set -euo pipefail
cd "$(dirname "$0")/.."
pairs=${1:-5}

go test -run '^$' -bench . -benchmem -count "${COUNT:-10}" ./harness/... ./reports

image=$(bin/drillbook images | grep -o 'drillbook/postgres:[0-9a-f]*' | tail -n 1)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
echo "milliseconds from the loss of the primary to the first acknowledged write"
printf '%8s %8s %6s\n' bare drill ratio
for _ in $(seq "$pairs"); do
	bare=$(bench/bare-failover.sh "$image")
	bin/drillbook run postgres/lost-primary --set mode=async --plain --out "$out" >/dev/null || true # it may lose writes
	drill=$(grep -o '"most_ms": *[0-9.]*' "$out/latest/results.json" | head -n 1 | grep -o '[0-9.]*$')
	awk -v b="$bare" -v d="$drill" 'BEGIN { printf "%8d %8.0f %6.2f\n", b, d, d / b }'
done
