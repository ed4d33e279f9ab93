package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

func main() {
	allow := flag.String("allow", "^$", "skips whose output matches are no failure")
	flag.Parse()
	allowed, err := regexp.Compile(*allow)
	if err == nil {
		r := report{out: os.Stdout, allowed: allowed}
		if err = r.read(os.Stdin); err == nil && !r.ok() {
			os.Exit(1)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
}
