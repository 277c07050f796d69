package stores_test

import (
	"context"
	"fmt"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
)

func ExampleFollow() {
	ctx := context.Background()
	log := memstore.New(nil)
	defer log.Close()
	id := stores.EntityID{Type: "counter", ID: "a"}
	for n := range 3 {
		log.Append(ctx, stores.Fence{}, []stores.Commit{{
			Entity: id, Expected: uint64(n), ID: stores.CommitID{byte(n)},
			Events: []stores.Event{{Name: "increased", Version: 1}},
		}})
	}
	for rec, err := range stores.Follow(ctx, log, stores.Query{Type: "counter"}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(rec.Entity, rec.Seq(), rec.Events[0].Name)
		if rec.Seq() == 3 {
			return // it would go on for ever
		}
	}
	// Output:
	// counter/a 1 increased
	// counter/a 2 increased
	// counter/a 3 increased
}
