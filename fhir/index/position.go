package index

import (
	"math"

	"sluis/fhir"
	"sluis/fhir/path"
)

// position indexes Location.position. One outside the degrees of WGS 84 is no
// place on earth and stays unindexed, like one that is incomplete.
func (x *extraction) position(param int32, v path.Value) bool {
	_, _, latitude, okLat := NumberRange(v.Node.Get("latitude").Text())
	_, _, longitude, okLon := NumberRange(v.Node.Get("longitude").Text())
	if v.Node.Kind() != fhir.Object || !okLat || !okLon || math.Abs(latitude) > 90 || math.Abs(longitude) > 180 {
		return true
	}
	p := Position{Param: param}
	p.X, p.Y, p.Z = Vector(latitude, longitude)
	x.entries.Positions = append(x.entries.Positions, p)
	return true
}

// Vector is a place in degrees as a unit vector from the centre of the earth.
func Vector(latitude, longitude float64) (x, y, z float64) {
	sinLat, cosLat := math.Sincos(latitude * math.Pi / 180)
	sinLon, cosLon := math.Sincos(longitude * math.Pi / 180)
	return cosLat * cosLon, cosLat * sinLon, sinLat
}
