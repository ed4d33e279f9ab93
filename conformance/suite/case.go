package suite

// Group is the cases of one file, with the data that they share.
type Group struct {
	Chapter string // page of the specification, such as search.html
	Name    string // what of it, such as date
	Given   []Step // made once, before the first case
	Cases   []Case
}

// Case is one conversation with the server that shows one rule of the
// specification.
type Case struct {
	Title string
	Spec  string // the paragraph that demands it, such as search.html#date
	Place string // file:line
	Steps []Step
	// Apart says that the steps do not build on each other: one that fails does
	// not end the case.
	Apart bool
}

// Step is one request and what is expected of its answer.
type Step struct {
	Place  string
	Name   string // of a create step: the variable that names the resource
	Method string // an HTTP method, PAGES or UNTIL
	Target string // below the base, or a variable that holds a whole URL
	Header []Header
	Body   string
	Expect []Expectation
	Save   []Save
	Skip   []string // statuses that mean: this case cannot be asked of this server
}

// Header is one header of a request; an empty value takes it away.
type Header struct{ Name, Value string }

// Methods of steps that make more than one request.
const (
	pages = "PAGES" // follows the next links to the end and sees all pages as one Bundle
	until = "UNTIL" // asks again until the answer is as expected
)
