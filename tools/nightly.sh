#!/usr/bin/env bash
# Runs drills with all that they print kept, and then looks for passwords in that and
# in the files of the run. The exit code is that of the drills, or else of the search.
#
# usage: tools/nightly.sh OUT COMMAND [ARGUMENT…]
set -uo pipefail
out=$1
shift
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
if [ -t 1 ] && script --version 2>/dev/null | grep -q util-linux; then # a terminal, which has the live view
	script -q -e -c "$(printf '%q ' "$@")" "$kept/terminal"
else
	"$@" 2>&1 | tee -i "$kept/terminal"
fi
code=$?
bin/drillbook leaks "$out/latest" "$kept"
leaks=$?
if ((code == 0)); then code=$leaks; fi
exit "$code"
