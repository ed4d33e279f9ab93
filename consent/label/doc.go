// Package label puts sensitivity labels on what comes in: a table of codes
// (psychiatry, HIV, genetics, addiction, sexual health) to v3-ActCode labels.
//
// It does not alter bodies: gate stores the labels beside the resource.
package label
