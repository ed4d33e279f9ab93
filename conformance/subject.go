package conformance

import (
	"fmt"
	"strings"
	"sync"
)

// AccessClass tells how access to a type is decided.
type AccessClass int

// The classes. The zero AccessClass belongs to no type: whoever meets it refuses.
const (
	_              AccessClass = iota
	SubjectClass               // by the patients who are its subject; a Patient is its own
	DirectoryClass             // by scopes alone: nothing in it is about a patient
	UnownedClass               // outside the Patient compartment: refused to patient and user tokens, unless an owner was set when it was written
)

type subjectTable struct {
	class    map[string]AccessClass
	subjects map[string][]*Parameter
}

var loadSubjects = sync.OnceValue(func() subjectTable {
	t := subjectTable{map[string]AccessClass{}, map[string][]*Parameter{}}
	for line := range lines("reviewed/subjects.txt") {
		f := strings.Split(line, "\t")
		t.add(f[0], f[1], f[2])
	}
	return t
})

func (t subjectTable) add(resourceType, verdict, code string) {
	switch verdict {
	case "directory":
		t.class[resourceType] = DirectoryClass
	case "unowned":
		t.class[resourceType] = UnownedClass
	case "subject", "left-out":
		t.class[resourceType] = SubjectClass
	default:
		panic(fmt.Sprintf("reviewed/subjects.txt: %s: unknown verdict %q", resourceType, verdict))
	}
	if verdict != "subject" || code == "-" {
		return
	}
	p, ok := Lookup(resourceType, code)
	if !ok || p.Type != ReferenceParam {
		panic(fmt.Sprintf("reviewed/subjects.txt: %s has no reference parameter %s", resourceType, code))
	}
	t.subjects[resourceType] = append(t.subjects[resourceType], p)
}

// Subjects lists the compartment parameters that make a patient the subject of
// a resource of the type, for access. It is empty for Patient, which is its own
// subject, and for every type that is not of SubjectClass. The table and the
// reason for each parameter left out stand in reviewed/subjects.txt.
func Subjects(resourceType string) []*Parameter { return loadSubjects().subjects[resourceType] }

// Class tells how access to a type is decided; zero for what is no type.
func Class(resourceType string) AccessClass { return loadSubjects().class[resourceType] }

// MakesSubject reports whether the parameter reads an element that makes a
// patient the subject of the resource: one of Subjects, or another name of it,
// such as patient beside subject. A custom parameter never does: who a subject is
// was reviewed, and an upload changes nothing of it.
func (p *Parameter) MakesSubject() bool {
	if p.Custom() {
		return false
	}
	element, _, _ := strings.Cut(p.Expression, ".where(")
	for _, s := range Subjects(p.Base) {
		of, _, _ := strings.Cut(s.Expression, ".where(")
		if s.Code == p.Code || element != "" && element == of {
			return true
		}
	}
	return false
}
