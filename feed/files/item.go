package files

import "fmt"

// Kind is what an Item holds.
type Kind int

// The kinds.
const (
	Bundle   Kind = iota + 1 // of type transaction, batch or collection
	Resource                 // one resource that is no such Bundle
	Message                  // one HL7 v2 message
)

// Item is one thing to import.
type Item struct {
	Path  string // as given or found; a member of an archive is archive:member
	Line  int    // where it starts, from 1
	Kind  Kind
	Type  string // resource type; "" for a Message
	ID    string // id of a Resource as its source has it, or ""
	Bytes []byte
}

// Place is the item's file and line, for messages.
func (i Item) Place() string { return fmt.Sprintf("%s:%d", i.Path, i.Line) }

// Source is the name by which its source knows a Resource: Type/id. It is "" for
// other items.
func (i Item) Source() string {
	if i.Kind != Resource {
		return ""
	}
	return i.Type + "/" + i.ID
}

// Error says what is wrong, and where.
type Error struct {
	Path string
	Line int // 0: the file as a whole
	Err  error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Path + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s:%d: %v", e.Path, e.Line, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
