#!/bin/bash
# Times the harness' own benchmarks (COUNT times each, ten unless told), and the
# drill of a lost primary against the bare commands, in turn; with 0 pairs only
# the former, which needs no engine. To compare two versions:
#
#	bench/run.sh 0 >old.txt; …; bench/run.sh 0 >new.txt
#	go tool -modfile=tools/go.mod benchstat old.txt new.txt
#
# usage: bench/run.sh [PAIRS]
set -euo pipefail
cd "$(dirname "$0")/.."
pairs=${1:-5}

go test -run '^$' -bench . -benchmem -count "${COUNT:-10}" -timeout 1h ./harness/... ./reports
[[ $pairs == 0 ]] && exit

image=$(bin/drillbook images --yes | grep -o 'drillbook/postgres:[0-9a-f]*' | tail -n 1)
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
