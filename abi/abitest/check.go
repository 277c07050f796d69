package abitest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/eshost/eshost/abi"
)

// kit is one check of one plugin.
type kit struct {
	outOfTime func() error // why the check is to end; nil: it is not
	open      Open
	wasm      []byte
	opts      Options
	rand      *rand.Rand
	manifest  *abi.Manifest
	described []byte // the manifest's bytes
	main      *session
	subjects  []*subject
	corpus    []*exchange
	keys      keyOrders
	ledgers   map[string]*ledger
	at        string          // the law at work
	done      map[string]bool // laws that were
	ended     string          // why the check ended before its time
	report    *Report
}

// abortion ends a check from within, through no fault of the plugin's.
type abortion struct{ err error }

// ending ends a check after a failure that leaves nothing to go on with.
type ending struct{ why string }

// Check puts every law of the ABI to work on a plugin; o may be nil. All that
// is wrong is in the report. It calls one instance at a time, though several
// may be open. When ctx ends, the check does before its next call, and the report says so.
func Check(ctx context.Context, open Open, wasm []byte, o *Options) *Report {
	k := &kit{outOfTime: ctx.Err, open: open, wasm: wasm, opts: o.withDefaults(), ledgers: make(map[string]*ledger), keys: make(keyOrders), done: make(map[string]bool)}
	k.rand = rand.New(rand.NewPCG(k.opts.Seed, 0))
	digest := sha256.Sum256(wasm)
	k.report = &Report{Digest: hex.EncodeToString(digest[:]), SizeBytes: len(wasm), Seed: k.opts.Seed}
	all := laws()
	for i := range all {
		k.ledgers[all[i].name] = &ledger{seen: make(map[string]bool)}
	}
	k.run(all)
	for i := range all {
		k.report.Laws = append(k.report.Laws, k.judge(&all[i]))
	}
	k.summarize()
	k.report.OK = !k.report.Failed()
	return k.report
}

// run checks one law after the other.
func (k *kit) run(all []law) {
	k.main = k.session()
	defer k.main.close()
	defer func() {
		switch e := recover().(type) {
		case nil:
		case abortion:
			k.report.Aborted, k.ended = e.err.Error(), "the check could not be finished"
		case ending:
			k.ended = e.why
		default:
			panic(e)
		}
	}()
	for i := range all {
		if l := &all[i]; l.check != nil && k.blocked(l) == "" {
			k.at = l.name
			k.opts.Progress(l.name, 0, 0)
			l.check(k)
			k.done[l.name] = true
		}
	}
}

// loads checks that the plugin can be served at all.
func (k *kit) loads() {
	if err := k.outOfTime(); err != nil {
		panic(abortion{err})
	}
	g, err := k.open(k.wasm)
	var load *LoadError
	var call *CallError
	var declared *abi.ManifestError
	var format *abi.FormatError
	switch {
	case err == nil:
		g.Close()
		k.held(lawLoads)
	case errors.As(err, &load):
		broken := lawLoads
		if errors.As(load.Err, &declared) || errors.As(load.Err, &format) {
			broken = lawManifest // it runs, but what it says of itself is wrong
			k.held(lawLoads)
		}
		for _, problem := range load.Problems {
			k.fail(broken, Finding{What: problem})
		}
	case errors.As(err, &call):
		k.fail(lawLoads, Finding{What: "an instance does not start: " + call.Error(), Do: "mend _initialize or the module's start function"})
	default:
		panic(abortion{fmt.Errorf("open the plugin: %w", err)})
	}
}

// describes checks the manifest. It is asked for again at the end of the check
// of whether answers repeat.
func (k *kit) describes() {
	for range 3 {
		k.describe(k.main)
	}
	fresh := k.session()
	defer fresh.close()
	k.describe(fresh)
	if k.failed(lawManifest) {
		return
	}
	m, err := abi.DecodeManifest(k.described)
	if err == nil {
		err = m.Validate()
	}
	if err != nil {
		k.fail(lawManifest, Finding{What: err.Error(), Answer: Message{Hex: shortHex(k.described)}, Do: "section 5 of ABI.md says what a manifest is like"})
		return
	}
	k.manifest, k.report.SDK = m, m.SDK
	for i := range m.Types {
		k.subjects = append(k.subjects, newSubject(&m.Types[i]))
	}
}

// describe asks for the manifest, which must be the one that was seen first.
func (k *kit) describe(s *session) {
	b, err := s.describe()
	switch {
	case err != nil:
		k.fail(lawManifest, Finding{What: "describe fails: " + err.Error()})
	case k.described == nil:
		k.described = b
		k.held(lawManifest)
	case string(b) != string(k.described):
		k.fail(lawManifest, Finding{What: "describe gives other bytes than before", Answer: Message{Hex: shortHex(b)},
			Want: shortHex(k.described), Do: "make the manifest a constant: it may depend on nothing, not even on the order of a hash map"})
	default:
		k.held(lawManifest)
	}
}
