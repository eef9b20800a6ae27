#!/usr/bin/env bash
# Runs all tests, those that measure time one package at a time and with nothing beside
# them. What -short leaves out is taken to measure time, unless its package is listed here.
#
# usage: tools/test.sh GO
set -uo pipefail
cd "$(dirname "$0")/.."
go=$1

# They wait for containers, whose deadlines are far off, or only compute.
beside=(
	fixtures/dm8 fixtures/iris fixtures/postgres harness/fault harness/host/container harness/preflight
	fixtures/iris/standin/mirror harness/linear harness/measure harness/record
)

all=$("$go" list ./...) && module=$("$go" list -m) || exit 1
if unknown=$(printf "$module/%s\n" "${beside[@]}" | grep -vxF -e "$all"); then
	printf 'tools/test.sh lists what is no package:\n%s\n' "$unknown"
	exit 1
fi
alone=$(grep -rlE --include='*_test.go' 'testing\.Short\(\)|\bdsl\.Test\(' . | xargs -n 1 dirname | sort -u |
	sed "s|^\.|$module|" | grep -xF -e "$all" | grep -vxF -e "$(printf "$module/%s\n" "${beside[@]}")")
if [ -z "$alone" ]; then
	echo 'tools/test.sh finds no test that measures time'
	exit 1
fi

# Vet is part of `make check`.
code=0
grep -vxF -e "$alone" <<<"$all" | xargs "$go" test -p 2 -vet=off -shuffle=on -timeout 20m || code=1
xargs "$go" test -p 1 -vet=off -shuffle=on -timeout 40m <<<"$alone" || code=1
exit $code
