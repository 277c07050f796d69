package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
)

func randomCases() []testCase {
	return []testCase{{"random operations have the same answers as the reference implementation gives", func(h *harness) {
		seed := h.f.Seed
		if seed == 0 {
			seed = rand.Uint64()
		}
		h.Logf("seed %d", seed)
		m := &model{harness: h, r: rand.New(rand.NewPCG(seed, seed)), reference: memstore.New(&memstore.Options{MaxCommitBytes: h.log.Info().MaxCommit}), places: make(map[stores.CommitID]stores.Result)}
		defer m.reference.Close()
		for n := 0; n < 400 && !h.Failed(); n++ {
			switch p := m.r.IntN(100); {
			case p < 60:
				m.append()
			case p < 70:
				m.read()
			case p < 85:
				m.scan()
			case p < 98 || h.f.Reopen == nil:
				m.lists()
			default:
				h.reopen()
			}
		}
		m.scan()
		if h.Failed() {
			h.Errorf("run it again with seed %d", seed)
		}
	}}}
}

// model does the same to the store and to the reference implementation.
type model struct {
	*harness
	r         *rand.Rand
	reference *memstore.Store
	past      []stores.Commit                   // that were applied
	places    map[stores.CommitID]stores.Result // as the store answered
}

func (m *model) entity() stores.EntityID {
	return entity([]string{"order", "order-line", "order.x", "_own"}[m.r.IntN(4)], fmt.Sprint("id", m.r.IntN(6)))
}

// append appends commits of different entities: right ones, wrong ones and old ones.
func (m *model) append() {
	m.Helper()
	var commits []stores.Commit
	used := make(map[stores.EntityID]bool)
	for range 1 + m.r.IntN(5) {
		c := m.next()
		if used[c.Entity] {
			continue
		}
		used[c.Entity] = true
		commits = append(commits, c)
	}
	got := m.harness.append(commits...)
	want := m.reference.Append(m.ctx, stores.Fence{}, commits)
	for i, c := range commits {
		m.outcome(&c, got[i], want[i].Outcome)
		switch want[i].Outcome {
		case stores.Applied:
			m.past = append(m.past, *c.Clone())
			m.places[c.ID] = got[i]
		case stores.Duplicate:
			m.sameResult(got[i], m.places[c.ID])
		}
	}
}

func (m *model) next() stores.Commit {
	if p := m.r.IntN(10); p == 0 && len(m.past) > 0 {
		return m.past[m.r.IntN(len(m.past))]
	}
	c := m.commit(m.entity(), slices.Repeat([]string{fmt.Sprint(m.r.IntN(1000))}, 1+m.r.IntN(6))...)
	for i := range c.Events {
		c.Events[i].Version = m.r.Uint32N(3)
	}
	c.Plugin = stores.Digest{byte(m.r.IntN(3))}
	switch m.r.IntN(10) {
	case 0:
		c.Expected = 0
	case 1:
		c.Expected = m.r.Uint64N(c.Expected + 4)
	}
	return c
}

func (m *model) read() {
	m.Helper()
	id := m.entity()
	after := m.r.Uint64N(m.heads(id)[0].Seq + 3)
	want, err := gather(m.reference.Read(m.ctx, id, after))
	if err != nil {
		m.Fatal(err)
	}
	m.same(fmt.Sprintf("read %s after %d", id, after), m.harness.read(id, after), m.placed(want))
}

// placed puts in the tokens and places that the store gave.
func (m *model) placed(all []*stores.Record) []*stores.Record {
	for _, r := range all {
		a := m.places[r.ID]
		r.Head, r.Place = a.Head, a.Place
	}
	return all
}

// scan compares all entities' records, and then the rest of the feed after a random event.
func (m *model) scan() {
	m.Helper()
	all := m.harness.scan(stores.Query{System: true})
	want, err := gather(m.reference.Scan(m.ctx, stores.Query{System: true}))
	if err != nil {
		m.Fatal(err)
	}
	m.same("scan, by entity", byEntity(slices.Clone(all)), byEntity(m.placed(want)))
	if len(all) == 0 {
		return
	}
	q := stores.Query{System: m.r.IntN(2) == 0}
	if m.r.IntN(2) == 0 {
		q.Type = m.entity().Type
	}
	if m.r.IntN(3) == 0 {
		q.Slices.From = uint16(m.r.IntN(stores.Slices))
		q.Slices.To = q.Slices.From + uint16(m.r.IntN(stores.Slices-int(q.Slices.From))) + 1
	}
	at := m.r.IntN(len(all))
	event := m.r.IntN(len(all[at].Events))
	q.After = all[at].Position(event)
	rest := all[at:]
	if event == len(all[at].Events)-1 {
		rest = rest[1:]
	}
	m.same(fmt.Sprintf("scan %+v", q), m.harness.scan(q), only(rest, func(r *stores.Record) bool {
		own := r.Entity.Type[0] == '_'
		return (q.Type == r.Entity.Type || q.Type == "" && (q.System || !own)) && q.Slices.Contains(r.Entity.Slice())
	}))
}

// byEntity sorts the records by entity and leaves their order within one.
func byEntity(all []*stores.Record) []*stores.Record {
	slices.SortStableFunc(all, func(a, b *stores.Record) int {
		return slices.Compare([]string{a.Entity.Type, a.Entity.ID}, []string{b.Entity.Type, b.Entity.ID})
	})
	return all
}

func (m *model) lists() {
	m.Helper()
	id := m.entity()
	var want []stores.EntityID
	for id, err := range m.reference.Entities(m.ctx, id.Type, id.ID) {
		if err != nil {
			m.Fatal(err)
		}
		want = append(want, id)
	}
	if got := m.entities(id.Type, id.ID); !slices.Equal(got, want) {
		m.Errorf("entities of %s after %s are %v, want %v", id.Type, id.ID, got, want)
	}
	kinds, err := m.reference.Kinds(m.ctx, id.Type)
	if err != nil {
		m.Fatal(err)
	}
	got := m.kinds(id.Type)
	for _, k := range kinds { // the store may know of more: those of commits that came to nothing
		if !slices.Contains(got, k) {
			m.Errorf("kinds of %s are %v, want all of %v", id.Type, got, kinds)
		}
	}
	other := m.entity()
	heads, err := m.reference.Heads(m.ctx, []stores.EntityID{id, other})
	if err != nil {
		m.Fatal(err)
	}
	for i, head := range m.harness.heads(id, other) {
		if head.Seq != heads[i].Seq {
			m.Errorf("head %d of %s and %s is %d, want %d", i, id, other, head.Seq, heads[i].Seq)
		}
	}
}
