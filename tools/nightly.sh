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
before=$(ls -A "$out" 2>/dev/null)
if [ -t 1 ] && script --version 2>/dev/null | grep -q util-linux; then # a terminal, which has the live view
	script -q -e -c "$(printf '%q ' "$@")" "$kept/terminal"
else
	"$@" 2>&1 | tee -i "$kept/terminal"
fi
code=$?
# Not what latest leads to: it stays as it was if the run could write no reports, or
# if a folder stands there.
made=("$kept")
for folder in "$out"/*/; do
	folder=${folder%/}
	if [ -d "$folder" ] && [ ! -L "$folder" ] && ! grep -Fxq -- "${folder##*/}" <<<"$before"; then
		made+=("$folder")
	fi
done
bin/drillbook leaks "${made[@]}"
leaks=$?
if ((code == 0)); then code=$leaks; fi
exit "$code"
