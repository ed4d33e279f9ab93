package conformance

// The formats of R4's dates and times, as their regular expressions in
// datatypes.html, and with days that the calendar has.

// isDate is YYYY, YYYY-MM or YYYY-MM-DD.
func isDate(b []byte) bool { return dateLength(b) == len(b) && len(b) > 0 }

// isDateTime is a date, or a whole date with a time and a zone.
func isDateTime(b []byte) bool { return isDate(b) || isInstant(b) }

// isInstant is YYYY-MM-DDThh:mm:ss[.fff](Z|±hh:mm).
func isInstant(b []byte) bool {
	if len(b) < 20 || dateLength(b) != 10 || b[10] != 'T' {
		return false
	}
	n := timeLength(b[11:])
	return n > 0 && isZone(b[11+n:])
}

// isTime is hh:mm:ss[.fff].
func isTime(b []byte) bool { return len(b) > 0 && timeLength(b) == len(b) }

// dateLength is the length of the date that b starts with: 4, 7 or 10, or -1.
func dateLength(b []byte) int {
	year, ok := number(b, 0, 4, 1, 9999)
	if !ok {
		return -1
	}
	if len(b) < 7 || b[4] != '-' {
		return 4
	}
	month, ok := number(b, 5, 2, 1, 12)
	if !ok {
		return -1
	}
	if len(b) < 10 || b[7] != '-' {
		return 7
	}
	if _, ok := number(b, 8, 2, 1, daysIn(year, month)); !ok {
		return -1
	}
	return 10
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && year%100 != 0 || year%400 == 0 {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// timeLength is the length of hh:mm:ss[.fff] that b starts with, or -1. Second
// 60 is a leap second.
func timeLength(b []byte) int {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' || !inRange(b, 0, 23) || !inRange(b, 3, 59) || !inRange(b, 6, 60) {
		return -1
	}
	if len(b) == 8 || b[8] != '.' {
		return 8
	}
	n := digits(b[9:])
	if n == 0 {
		return -1
	}
	return 9 + n
}

// isZone is Z or an offset of at most 14 hours.
func isZone(b []byte) bool {
	if len(b) == 1 {
		return b[0] == 'Z'
	}
	if len(b) != 6 || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return false
	}
	return inRange(b, 1, 13) && inRange(b, 4, 59) || string(b[1:]) == "14:00"
}

func inRange(b []byte, at, most int) bool {
	_, ok := number(b, at, 2, 0, most)
	return ok
}

// number reads so many digits at a position, and whether they are in bounds.
func number(b []byte, at, count, least, most int) (int, bool) {
	if len(b) < at+count {
		return 0, false
	}
	n := 0
	for _, c := range b[at : at+count] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, n >= least && n <= most
}
