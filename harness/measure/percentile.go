package measure

// Percentile is the nearest-rank percentile of values in ascending order, 0 of none.
func Percentile[T ~int64](sorted []T, p int) T {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max((len(sorted)*p+99)/100, 1)-1]
}
