# Carries out the file undo of the folder $1 once the machine has been up for as long as the
# file until says, in hundredths of a second, unless that file is gone before: it was released.
cd "$1" && echo $$ >pid || exit 1
up() { read -r now _ </proc/uptime && now=${now%.*}${now#*.}; }
while read -r until <until; do
	up
	if [ "$now" -ge "$until" ]; then
		mv until lapsed || exit 0
		tries=0
		until sh ./undo; do
			tries=$((tries + 1)) && [ $tries -lt 30 ] || exit 1
			sleep 1
		done
		exit 0
	fi
	sleep 0.2 2>/dev/null || sleep 1
done 2>/dev/null
