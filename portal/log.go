package portal

import (
	"strings"
	"time"

	"sluis/audit"
	"sluis/audit/balp"
	"sluis/fhir"
)

// line is one access as the patient reads it.
type line struct {
	When, By, Role, Action, What, Basis string
	Denied                              bool
}

// whoLooked shows the patient's log, newest first (promise L6).
func (p *portal) whoLooked(v *visit) error {
	page, err := v.Gate.SearchLog(v.r.Context(), v.caller, balp.Filter{Count: 50}, v.r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	var lines []line
	for _, r := range page.Records {
		lines = append(lines, v.line(r))
	}
	v.show("log", map[string]any{"Lines": lines, "Next": page.Next})
	return nil
}

// line tells of a record what the projection tells, in the patient's words.
func (v *visit) line(r audit.Record) line {
	l := line{
		When: r.Recorded.In(v.zone()).Format("2006-01-02 15:04:05"), By: v.holder(r.Organization), Role: r.Role,
		Action: v.words["action."+r.Action], What: kinds(r.Data), Basis: strings.Join(r.Policy, ", "),
		Denied: r.Outcome != audit.Success,
	}
	if r.PatientsOwn {
		l.By, l.Basis = v.words["yourself"], ""
	}
	if r.Feed != "" {
		l.Basis = r.Feed
	}
	return l
}

func (v *visit) zone() *time.Location {
	if v.Gate.Zone != nil {
		return v.Gate.Zone
	}
	return time.UTC
}

// kinds lists the types of what was seen.
func kinds(data []fhir.Ref) string {
	seen := map[string]bool{}
	var out []string
	for _, d := range data {
		if !seen[d.Type] {
			seen[d.Type] = true
			out = append(out, d.Type)
		}
	}
	return strings.Join(out, ", ")
}
