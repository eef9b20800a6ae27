package fault

import "slices"

// KindsOf are the names of the kinds that a fault is of, as [Kinds] has them: each once, several for a
// group; "" for one that no kind describes.
func KindsOf(f Fault) []string {
	switch f := f.(type) {
	case *hostLoss:
		return []string{"host-loss"}
	case *killServer:
		return []string{"kill"}
	case *stopServer:
		return []string{"stop"}
	case *hangServer:
		return []string{"hang"}
	case *freeze:
		return []string{"freeze"}
	case *unplug:
		return []string{"unplug"}
	case *fillDisk:
		return []string{"disk-full"}
	case *useUp:
		return []string{"sessions"}
	case *rejectClients:
		return []string{"turn-away"}
	case *impair:
		return []string{string(f.c.Kind)}
	case *group:
		var all []string
		for _, p := range f.parts {
			for _, k := range KindsOf(p) {
				if !slices.Contains(all, k) {
					all = append(all, k)
				}
			}
		}
		return all
	}
	return []string{""}
}
