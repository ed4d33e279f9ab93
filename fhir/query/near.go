package query

import (
	"math"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir/index"
)

// defaultDistance is how far near reaches when it does not say, in metres.
const defaultDistance = 50_000

// near reads latitude|longitude[|distance[|unit]],… (R4
// location.html#search): degrees by WGS 84; without a distance 50, without a
// unit km; any UCUM unit of length will do.
func near(p *conformance.Parameter, raw string) (Expr, *problem) {
	parts := split(raw, ',')
	if len(parts) > MaxValues/10 {
		return nil, tooCostly("too many positions")
	}
	out := Near{Param: p}
	for _, part := range parts {
		point, bad := pointOf(part)
		if bad != nil {
			return nil, bad
		}
		out.Points = append(out.Points, point)
	}
	return out, nil
}

func pointOf(raw string) (Point, *problem) {
	f, bad := bars(raw)
	if bad != nil {
		return Point{}, bad
	}
	if len(f) < 2 || len(f) > 4 {
		return Point{}, invalid("%s is not latitude|longitude|distance|unit", quote(raw))
	}
	p := Point{Metres: defaultDistance}
	var ok bool
	if p.Latitude, ok = within(f[0], 90); !ok {
		return Point{}, invalid("%s is not a latitude", quote(f[0]))
	}
	if p.Longitude, ok = within(f[1], 180); !ok {
		return Point{}, invalid("%s is not a longitude", quote(f[1]))
	}
	if len(f) == 2 || f[2] == "" && (len(f) == 3 || f[3] == "") {
		return p, nil
	}
	code := "km"
	if len(f) == 4 && f[3] != "" {
		code = f[3]
	}
	unit, ok := index.UnitOf(code)
	if !ok || unit.Code != "m" {
		return Point{}, invalid("%s is not a UCUM unit of length", quote(code))
	}
	_, _, p.Metres, ok = unit.Range(f[2])
	if !ok || p.Metres <= 0 || p.Metres > math.MaxInt32 {
		return Point{}, invalid("%s is not a distance", quote(f[2]))
	}
	return p, nil
}

// within reads a decimal between -most and most.
func within(s string, most float64) (float64, bool) {
	_, _, n, ok := index.NumberRange(s)
	return n, ok && math.Abs(n) <= most
}

func printNear(n Near) string {
	parts := make([]string, len(n.Points))
	for i, p := range n.Points {
		parts[i] = decimal(p.Latitude) + "|" + decimal(p.Longitude) + "|" + decimal(p.Metres) + "|m"
	}
	return strings.Join(parts, ",")
}

// decimal writes a number as FHIR does, so that reading it gives it again.
func decimal(f float64) string {
	if f == 0 {
		return "0" // and not -0
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
