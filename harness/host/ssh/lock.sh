# Holds the lock of this machine for the run $1, of whom $2 says who that is, until nothing was
# heard for $3 seconds. $4 is set if the run has had it before: then what has held it is ended.
command -v flock >/dev/null && command -v timeout >/dev/null || exit 7
umask 022
[ -e lock ] || : >lock
exec 9<lock
tries=0
until flock -n 9; do
	by=$(ls -t ./*/by 2>/dev/null | head -n 1)
	if [ -z "$4" ] || [ "$by" != "./$1/by" ] || [ $tries -ge 50 ]; then
		[ -z "$by" ] || head -n 1 "$by"
		exit 9
	fi
	pid=$(sed -n 2p "$by")
	grep -q drillbook-lock "/proc/$pid/cmdline" 2>/dev/null && kill "$pid"
	tries=$((tries + 1))
	sleep 0.1
done
printf '%s, run %s, since %s\n%s\n' "$2" "$1" "$(date '+%F %T %Z')" $$ >"$1/by" || exit 1
echo held
while beat=$(exec 9<&- && timeout "$3" dd bs=1 count=1 2>/dev/null) && [ -n "$beat" ]; do :; done
