// Package label puts sensitivity labels on what comes in: a reviewed table of
// codes and departments (psychiatry, HIV, genetics, addiction, sexual health,
// violence) to labels of v3-ActCode, which consents speak of.
//
// It does not alter bodies: the gate stores the labels beside the resource. It
// does not decide what a label means: consent does.
//
// The one path through it: Load or Reviewed makes a Table once; Labels is asked
// for every resource that is written, with its codes from the index.
package label
