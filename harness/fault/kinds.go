package fault

import "slices"

// How the faults of this package are really done, as reports say it.
const (
	hostLossMechanism = "in containers, the node's network interfaces are taken away, then all its processes are " +
		"killed: " +
		"nobody is told, but clients are refused at once where they dial ports that the engine publishes; " +
		"on a local host they can only be killed, and the kernel tells the peers at once"
	freezeMechanism        = "all processes of the node are paused by the kernel"
	killMechanism          = "the server's main process gets SIGKILL; the host, its kernel and its network stay up"
	hangMechanism          = "the server's main process is paused by SIGSTOP; the host and its kernel stay up"
	stopMechanism          = "the server is stopped in order by its own command; the host stays up"
	rejectClientsMechanism = "the server's own access rules refuse new sessions from the network, " +
		"and open ones are ended"
	fillDiskMechanism = "a file in the data directory is made larger until nothing more fits on the disk, " +
		"which is the member's own"
	unplugMechanism = "the node's interfaces to the networks are taken away; its processes run on"
	useUpMechanism  = "sessions are opened and held until the server refuses one more"
)

// Kind describes one sort of fault to people.
type Kind struct {
	Name   string `json:"name"`
	Made   string `json:"made"`   // how it is really done
	Like   string `json:"like"`   // what it imitates
	Unlike string `json:"unlike"` // what it does not
	Proof  string `json:"proof"`  // what confirms that it holds
	Lasts  bool   `json:"lasts"`  // until it is healed: it is a state; else an event
}

// Kinds are all sorts of fault that drills know, in a language: "en" or "zh".
func Kinds(lang string) []Kind {
	if lang == "zh" {
		return slices.Concat(membersInChinese(), linksInChinese())
	}
	return slices.Concat(membersInEnglish(), linksInEnglish())
}

// membersInEnglish are what goes wrong on a member.
func membersInEnglish() []Kind {
	return []Kind{
		{
			"host-loss", hostLossMechanism,
			"power, hardware or hypervisor of a machine fails",
			"disks keep what was written: nothing that was not flushed is lost",
			"the place says that the node has ended",
			true,
		},
		{
			"kill", killMechanism,
			"a crash of the server, or the kernel's end of it when memory runs out",
			"connections are closed by the kernel at once, so clients learn of it within a millisecond",
			"the process is gone, and no main process runs",
			false,
		},
		{
			"stop", stopMechanism,
			"planned work: a restart, an upgrade, a shutdown of the site",
			"it is no failure: sessions are ended and the standby is sent everything first",
			"no main process runs",
			false,
		},
		{
			"hang", hangMechanism,
			"a server that waits for storage that does not answer",
			"only one process stands still; the kernel goes on accepting connections for it",
			"the kernel says that the process is stopped",
			false,
		},
		{
			"freeze", freezeMechanism,
			"a virtual machine that is moved or suspended, or a host that swaps itself to death",
			"the network of the node goes on acknowledging what arrives, and time goes on inside",
			"the place says that the node is frozen",
			true,
		},
		{
			"unplug", unplugMechanism,
			"a pulled cable, a broken switch, or a network service that was stopped",
			"the interface vanishes with its address, so the member itself is told at once that nothing can be reached",
			"the member counts fewer interfaces than before",
			true,
		},
		{
			"disk-full", fillDiskMechanism,
			"archives, logs or data that grow until the disk of the data is full",
			"the disk is small and in memory: it is neither slow nor broken, and nothing else is on it",
			"the member itself fails to write 8 kB",
			true,
		},
		{
			"sessions", useUpMechanism,
			"a leak in an application's pool, or a storm of clients that reconnect",
			"the sessions are idle: they cost places and memory, and no processor",
			"one more session is refused while the server answers in those that are held",
			true,
		},
		{
			"turn-away", rejectClientsMechanism,
			"people who close the database before they stop it",
			"it is no failure: replication and commands on the host go on",
			"the server accepts a connection and refuses the session",
			true,
		},
	}
}

// linksInEnglish are what goes wrong on the way between two.
func linksInEnglish() []Kind {
	return []Kind{
		{
			"drop", "nftables rules in the network stack of the node that dials drop the packets of a link",
			"a broken cable, switch or firewall between two machines that both stay up; in one direction, if so chosen",
			"the interface stays up; packets are dropped or not, never late or few",
			"the rules' own counters have risen",
			true,
		},
		{
			"refuse",
			"nftables rules answer the packets of a link with a reset, or the Toxiproxy of a link does not listen",
			"a firewall that rejects, or a machine on which nothing listens",
			"a machine that is gone: that does not answer at all",
			"the rules' counters have risen, or a test connection was refused",
			true,
		},
		{
			"half-open", "the Toxiproxy of a link swallows all bytes and keeps the connections open",
			"a firewall that has forgotten a connection; a virtual machine that was moved",
			"new connections still open, and healing ends those that were held",
			"a byte on a test connection gets neither an answer nor an end",
			true,
		},
		{
			"reset", "the Toxiproxy of a link resets connections",
			"a middlebox that was restarted, or an idle limit",
			"connections that were open before are closed, not reset, and only when they next send",
			"a test connection was reset or ended",
			true,
		},
		{
			"latency", "the Toxiproxy of a link delays all bytes, in each direction, with or without jitter",
			"a long way, or a network under load",
			"it delays bytes of a stream, not packets: nothing is lost, sent again or overtaken",
			"Toxiproxy has the setting; the probe's latencies and the product's own lag show the effect",
			true,
		},
		{
			"bandwidth", "the Toxiproxy of a link lets through so many kilobytes a second, in each direction",
			"a narrow or crowded line",
			"it slows each connection by itself, and loses nothing",
			"Toxiproxy has the setting; the product's own lag shows the effect",
			true,
		},
		{
			"slow-close", "the Toxiproxy of a link closes connections late",
			"a middlebox that holds connections",
			"the way there and back is otherwise whole",
			"Toxiproxy has the setting",
			true,
		},
	}
}
