package naive

import (
	"math"
	"strconv"
)

// matchNear is R4 location.html#positional: latitude|longitude|distance|unit.
// Without a distance it is the server's: rulings.md.
func matchNear(position any, want string) bool {
	parts := split(want, '|')
	if len(parts) < 2 || position == nil {
		return false
	}
	number := func(s string) float64 { f, _ := strconv.ParseFloat(s, 64); return f }
	metres := nearby
	if len(parts) > 2 {
		unit := "km"
		if len(parts) > 3 {
			unit = parts[3]
		}
		metres = number(parts[2]) * map[string]float64{"km": 1000, "m": 1, "[mi_i]": 1609.344, "mi": 1609.344}[unit]
	}
	return distance(number(primitive(dig(position, "latitude"))), number(primitive(dig(position, "longitude"))),
		number(parts[0]), number(parts[1])) <= metres
}

const (
	nearby = 50_000.0    // metres
	radius = 6_371_008.8 // metres, the mean of the earth (IUGG)
)

// distance is the great circle between two points, in metres, by haversines.
func distance(lat1, lon1, lat2, lon2 float64) float64 {
	rad := func(d float64) float64 { return d * math.Pi / 180 }
	hav := func(a float64) float64 { return math.Pow(math.Sin(a/2), 2) }
	h := hav(rad(lat2-lat1)) + math.Cos(rad(lat1))*math.Cos(rad(lat2))*hav(rad(lon2-lon1))
	return 2 * radius * math.Asin(math.Sqrt(h))
}
