# make build   bin/eshost
# make wasm    the reference plugins, one .wasm for each language
# make check   format, vet, lint, tidy, generated files, clean tree
# make test    every test, with the race detector
# make soak    the long versions of the tests
# make bench   the benchmarks

GO         ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The modules of the workspace. A plugin author does not inherit the host's dependencies.
MODULES     = . guest-sdk/go plugins/counter/go plugins/order/go
WASM_FLAGS  = -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w'
VERSION    := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: build wasm check test soak bench generate

build:
	$(GO) build -trimpath -ldflags='-X main.version=$(VERSION)' -o bin/eshost ./cmd/eshost

wasm:
	CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm $(GO) build $(WASM_FLAGS) -o bin/counter-go.wasm ./plugins/counter/go

generate:
	$(GO) generate ./...

check:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; }
	@for os in linux darwin windows; do for m in $(MODULES); do \
		echo "vet $$m for $$os"; (cd $$m && CGO_ENABLED=0 GOOS=$$os $(GO) vet ./...) || exit 1; done; done
	@echo "vet the Go SDK and the plugins for wasip1"; (cd guest-sdk/go && GOOS=wasip1 GOARCH=wasm $(GO) vet .) && (cd plugins/counter/go && GOOS=wasip1 GOARCH=wasm $(GO) vet .)
	@for m in $(MODULES); do echo "staticcheck $$m"; (cd $$m && $(GO) run $(STATICCHECK) ./...) || exit 1; done
	GOWORK=off $(GO) mod tidy -diff
	cd guest-sdk/go && GOWORK=off $(GO) mod tidy -diff
	$(GO) generate ./...
	@changed=$$(git status --porcelain); test -z "$$changed" || { echo "the tree is not clean:"; echo "$$changed"; git diff | head -50; exit 1; }

test:
	@for m in $(MODULES); do echo "test $$m"; (cd $$m && $(GO) test -race -count=1 -timeout 20m ./...) || exit 1; done

soak:
	@for m in $(MODULES); do echo "soak $$m"; (cd $$m && ESHOST_SOAK=1 ESHOST_SOAK_CALLS=10000000 $(GO) test -count=1 -timeout 4h ./...) || exit 1; done

bench: build wasm
	$(GO) test -run='^$$' -bench=. -benchtime=1s ./abi ./stores/... ./host/...
	bin/eshost bench
	bin/eshost bench --entities 1 --inflight 1024 --events 1000000
	bin/eshost bench --entities 100000 --events 10 --concurrency 4096
