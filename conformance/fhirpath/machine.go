package fhirpath

import (
	"errors"
	"fmt"
	"time"
)

// ErrBudget ends an evaluation that costs more than its budget.
var ErrBudget = errors.New("the expression costs more than an evaluation may")

// ErrUnknown ends an evaluation that asks for what is not at hand: a value set, a
// profile, or references where none can be followed.
var ErrUnknown = errors.New("not at hand")

// Steps is the budget of one evaluation where a Scope names none: some ten
// milliseconds. R4's own invariants stay under a hundredth of it on R4's
// examples.
const Steps = 200_000

// charsPerStep is how much of a string is handled in a step.
const charsPerStep = 8

// Scope is what an expression is evaluated in.
type Scope struct {
	Focus    Item // $this and %context
	Resource Item // %resource: the resource that holds the focus
	Root     Item // %rootResource: that which contains it, or itself

	Constants map[string]Collection // further %names
	At        time.Time             // now(); the zero time: an error

	// What an expression may ask of the world; nil: asking is an error.
	Resolve    func(reference Item) (Item, bool)
	ConformsTo func(item Item, profile string) (conforms, known bool)
	MemberOf   func(item Item, valueSet string) (member, known bool)

	// Budget is shared by the evaluations that draw on it; nil: Steps each.
	Budget *Budget
}

// Budget is what evaluations may cost together. It is not safe for concurrent
// use.
type Budget struct{ left int }

// NewBudget is a budget of so many steps.
func NewBudget(steps int) *Budget { return &Budget{steps} }

// Left is how many steps remain.
func (b *Budget) Left() int { return b.left }

// Evaluate evaluates the expression. It always ends: with a result, with what is
// wrong, or with ErrBudget.
func (e *Expression) Evaluate(s Scope) (Collection, error) {
	m := &machine{scope: s, budget: s.Budget}
	if m.budget == nil {
		m.budget = NewBudget(Steps)
	}
	if m.scope.Resource == (Item{}) {
		m.scope.Resource = s.Focus
	}
	if m.scope.Root == (Item{}) {
		m.scope.Root = m.scope.Resource
	}
	return e.root.eval(m, frame{this: Collection{s.Focus}, top: true})
}

// machine is one evaluation.
type machine struct {
	scope  Scope
	budget *Budget
	memory map[*memo]Collection
}

func (m *machine) step(n int) error {
	if m.budget.left -= 1 + n; m.budget.left < 0 {
		m.budget.left = 0
		return ErrBudget
	}
	return nil
}

// frame is what $this, $index and $total are.
type frame struct {
	this  Collection
	index int
	total Collection
	top   bool // $this is the focus: a path may start with its type
}

// each is the frame of one item of a collection.
func (f frame) each(item Item, index int) frame {
	return frame{this: Collection{item}, index: index, total: f.total, top: true}
}

// node is a part of an expression.
type node interface {
	eval(*machine, frame) (Collection, error)
}

// single is the value of a collection of one; nil for an empty one, or for an
// element that has no value.
func single(c Collection) (any, error) {
	switch len(c) {
	case 0:
		return nil, nil
	case 1:
		return c[0].scalar(), nil
	}
	return nil, fmt.Errorf("one item is expected, %d are given", len(c))
}

// truth is a collection as a Boolean: one item that is none counts as true (N1,
// singleton evaluation). told is false for an empty one.
func truth(c Collection) (is, told bool, err error) {
	switch len(c) {
	case 0:
		return false, false, nil
	case 1:
		if b, ok := c[0].scalar().(bool); ok {
			return b, true, nil
		}
		return true, true, nil
	}
	return false, false, fmt.Errorf("a Boolean is expected, %d items are given", len(c))
}

// criterion is the result of a criterion: a Boolean or nothing.
func criterion(c Collection) (bool, error) {
	is, told, err := truth(c)
	return is && told, err
}
