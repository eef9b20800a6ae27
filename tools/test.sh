#!/usr/bin/env bash
# Runs tests in three parts, which are all of them: those that -short leaves nothing out
# of, so that `make check` runs them whole; those beside which others may run; and those
# that measure time, one package at a time and with nothing beside them. What -short
# leaves out is taken to measure time, unless its package is listed here.
#
# usage: tools/test.sh GO [units|beside|alone]     all parts without one
#        tools/test.sh GO list                     which package is in which part
set -uo pipefail
cd "$(dirname "$0")/.."
go=$1 part=${2:-}

# They wait for containers or a browser, whose deadlines are far off, or only compute.
beside=(
	fixtures/iris fixtures/postgres harness/fault harness/host/container harness/preflight
	fixtures/iris/standin/mirror fixtures/dm8/console harness/linear harness/measure harness/record harness/selftest
	reports
)

all=$("$go" list ./...) && module=$("$go" list -m) || exit 1
beside=$(printf "$module/%s\n" "${beside[@]}")
longer=$(grep -rlE --include='*_test.go' 'testing\.Short\(\)|\bdsl\.Test\(' . | xargs -n 1 dirname | sort -u |
	sed "s|^\.|$module|" | grep -xF -e "$all")
alone=$(grep -vxF -e "$beside" <<<"$longer")
units=$(grep -vxF -e "$longer" <<<"$all")
if wrong=$(grep -vxF -e "$longer" <<<"$beside"); then
	printf 'tools/test.sh lists packages that are not there, or that make check runs whole:\n%s\n' "$wrong"
	exit 1
fi
if [ -z "$alone" ] || [ -z "$units" ]; then
	echo 'tools/test.sh finds no test that measures time, or none that -short leaves nothing out of'
	exit 1
fi

# Vet is part of `make check`.
run() { # run PACKAGES FLAGS…
	local packages=$1
	shift
	xargs "$go" test -vet=off -shuffle=on "$@" <<<"$packages"
}
case $part in
list)
	sed 's/^/units /' <<<"$units"
	sed 's/^/beside /' <<<"$beside"
	sed 's/^/alone /' <<<"$alone"
	;;
units) run "$units" -p 2 -timeout 20m ;;
beside) run "$beside" -p 2 -timeout 20m ;;
alone) run "$alone" -p 1 -timeout 40m ;;
'')
	code=0
	run "$units"$'\n'"$beside" -p 2 -timeout 20m || code=1
	run "$alone" -p 1 -timeout 40m || code=1
	exit $code
	;;
*)
	echo "tools/test.sh knows no part $part: units, beside or alone"
	exit 1
	;;
esac
