package main

import (
	"fmt"
	"runtime/debug"
	"time"
)

// version is set by the linker for a release; see the Makefile.
var version = "0.1.0-dev"

// released is the date the CapabilityStatement carries.
var released = time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)

type versionCommand struct{}

func (versionCommand) Run() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		fmt.Println("sluis", version)
		return nil
	}
	fmt.Println("sluis", version, info.GoVersion)
	return nil
}
