# Sluis. `make` lists the targets.
SHELL   := /bin/bash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

# Packages where things run side by side.
CONCURRENT := ./gate/... ./storage/... ./feed/mllp/... ./audit/...
# How long each fuzz target runs.
FUZZTIME ?= 10s
# Folder of HL7's Bundle-*.json.gz (npm hl7.fhir.r4.examples@4.0.1).
R4 ?= ../shared/data/r4-definitions

.DEFAULT_GOAL := help
.PHONY: help build test test-all race fuzz bench lint demo definitions ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/sluis, static and with its version
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/sluis ./cmd/sluis

test: ## the tests; what is not at hand is skipped, and said
	go test ./...

test-all: ## the tests, with nothing skipped: needs PostgreSQL and the test data
	set -o pipefail; SLUIS_REQUIRE_ALL=1 go test -json ./... | go run ./internal/testreport

race: ## the race detector where things run side by side
	go test -race $(CONCURRENT)

fuzz: ## every fuzz target for FUZZTIME (10s)
	@set -e; for file in $$(git ls-files '*_test.go' | xargs grep -l '^func Fuzz'); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$file); do \
			echo "== $$(dirname $$file) $$name"; \
			go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file); \
		done; \
	done

bench: ## every benchmark, with allocations
	go test -run '^$$' -bench . -benchmem ./...

lint: ## gofmt, go vet, and golangci-lint where it is installed
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	@if command -v golangci-lint >/dev/null; then golangci-lint run; else echo "golangci-lint is not installed: skipped"; fi

demo: ## the whole story on made data, then keep serving
	go run ./cmd/sluis demo

definitions: ## make conformance/data again from HL7's definitions in R4
	go run ./conformance/gen -definitions $(R4) -out conformance/data

ci: ## all that a change must pass
	.ci/run
