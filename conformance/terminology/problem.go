package terminology

import (
	"errors"
	"fmt"

	"sluis/fhir"
)

// unknownError says that what is asked depends on something that is not here:
// a value set, a code system, a version or the content of one.
type unknownError struct{ text string }

func (e *unknownError) Error() string { return e.text }

func unknown(format string, args ...any) error {
	return &unknownError{fmt.Sprintf(format, args...)}
}

func isUnknown(err error) bool {
	var u *unknownError
	return errors.As(err, &u)
}

// answer turns an error of this package into the one that a caller gets: what is
// not known is 404 not-found.
func answer(err error) error {
	var u *unknownError
	if errors.As(err, &u) {
		return fhir.NewError(fhir.NotFound, "not-found", u.text)
	}
	return err
}

// defect is a definition that cannot be used as it stands: 422.
func defect(format string, args ...any) error {
	return fhir.NewError(fhir.Unprocessable, "business-rule", fmt.Sprintf(format, args...))
}

// costly is the refusal to do or to list too much: 422 too-costly (R4
// valueset-operation-expand.html).
func costly(format string, args ...any) error {
	return fhir.NewError(fhir.Unprocessable, "too-costly", fmt.Sprintf(format, args...))
}

// unsupported is what R4 allows and this server does not do: 422.
func unsupported(format string, args ...any) error {
	return fhir.NewError(fhir.Unprocessable, "not-supported", fmt.Sprintf(format, args...))
}
