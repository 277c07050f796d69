package main

import (
	"fmt"
	"math"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

func TestTheFieldsOfALineAreCheckedInOrder(t *testing.T) {
	long := string(make([]byte, 513))
	for field, line := range map[string]AddLine{
		"sku":       {Title: "", Quantity: 0},
		"title":     {Sku: "a", Title: long},
		"quantity":  {Sku: "a", Title: "b", WeightKg: -1},
		"weight_kg": {Sku: "a", Title: "b", Quantity: 1, WeightKg: math.NaN(), Note: eshost.Some("")},
		"note":      {Sku: "a", Title: "b", Quantity: 1, WeightKg: 1_000_000, Note: eshost.Some("")},
	} {
		eshosttest.Given(t, Orders).When(line).ThenRejected("invalid", Invalid{field})
	}
	for _, weight := range []float64{-1e-300, math.Inf(1), math.Inf(-1), math.Nextafter(1_000_000, 2_000_000)} {
		eshosttest.Given(t, Orders).When(AddLine{"a", "b", 1, 0, weight, eshost.Optional[string]{}}).ThenRejected("invalid", Invalid{"weight_kg"})
	}
	least := AddLine{Sku: "a", Title: long[:512], Quantity: 1, WeightKg: math.Copysign(0, -1)}
	eshosttest.Given(t, Orders).When(least).Then(LineAdded(least)).ThenReply(Summary{Open, 1, 0, 0})
}

func TestALineOfTheFirstVersionHasNoWeight(t *testing.T) {
	eshosttest.Given(t, Orders, LineAddedV1{"tea", "Assam", 2, 1290}).
		When(eshost.None{}).ThenState(Order{Lines: []Line{{Sku: "tea", Title: "Assam", Quantity: 2, UnitCents: 1290}}, TotalCents: 2580})
}

func TestATotalStaysInItsRange(t *testing.T) {
	const most = math.MaxInt64
	dear := Line{Sku: "dear", Title: "Dear", Quantity: 1, UnitCents: most}
	cheap := Line{Sku: "cheap", Title: "Cheap", Quantity: 1, UnitCents: 1}
	eshosttest.Given(t, Orders, LineAdded(dear)).
		When(AddLine(cheap)).ThenRejected("overflow").
		When(Adjust{"fee", 1}).ThenRejected("overflow").
		When(ChangeQuantity{"dear", 2}).ThenRejected("overflow").
		When(ChangeQuantity{"dear", math.MaxUint32}).ThenRejected("overflow").
		When(Adjust{"gift", -most}).Then(Adjusted{"gift", -most}).ThenReply(Summary{Open, 1, 0, 0}).
		When(Adjust{"more", math.MinInt64}).ThenRejected("negative_total", NegativeTotal{math.MinInt64}).
		When(ChangeQuantity{"dear", 0}).ThenRejected("negative_total", NegativeTotal{-most}).
		When(AddLine(cheap)).ThenReply(Summary{Open, 2, 1, 1}).
		When(Adjust{"back", most}).ThenRejected("overflow").
		When(Adjust{"back", most - 1}).ThenReply(Summary{Open, 2, most, most}).
		When(ChangeQuantity{"cheap", 2}).ThenRejected("overflow").
		When(AddLine{Sku: "x", Title: "x", Quantity: 2, UnitCents: 1 << 63}).ThenRejected("overflow").
		When(ChangeQuantity{"cheap", 0}).Then(LineRemoved{"cheap"}).ThenReply(Summary{Open, 1, most - 1, most - 1})
}

func TestQuantitiesChangeAndLinesGo(t *testing.T) {
	given(t, Open).
		When(ChangeQuantity{"cup", 0}).ThenRejected("unknown_line", UnknownLine{"cup"}).
		When(ChangeQuantity{"tea", 2}).Then().
		When(ChangeQuantity{"tea", 1}).Then(QuantityChanged{"tea", 1}).ThenReply(Summary{Open, 2, 4740, 4740}).
		When(ChangeQuantity{"tea", 0}).Then(LineRemoved{"tea"}).ThenReply(Summary{Open, 1, 3450, 3450}).
		When(AddLine(tea)).ThenState(Order{
		Lines: []Line{pot, tea}, Shipping: eshost.Some(home), TotalCents: 6030})
}

func TestEventsAboutWhatIsNotThereLeaveTheListsAlone(t *testing.T) {
	eshosttest.Given(t, Orders, LineRemoved{"tea"}, QuantityChanged{"tea", 5}, NoteRemoved{"gift"}, ChangeGiven{5},
		LineAddedV1{"moon", "Moon", math.MaxUint32, math.MaxUint64}).
		When(eshost.None{}).ThenState(Order{PaidCents: math.MaxUint64 - 4, TotalCents: 1<<64 - math.MaxUint32, // modulo 2^64
		Lines: []Line{{Sku: "moon", Title: "Moon", Quantity: math.MaxUint32, UnitCents: math.MaxUint64}}})
}

func TestThereIsRoomForSoManyLinesAdjustmentsAndNotes(t *testing.T) {
	var events []any
	for i := range 200 {
		events = append(events, LineAdded{Sku: fmt.Sprint(i), Title: "x", Quantity: 1}, Adjusted{"x", 1})
	}
	notes := make(map[string]string)
	for i := range 32 {
		notes[fmt.Sprint(i)] = "x"
		events = append(events, NoteSet{fmt.Sprint(i), "x"})
	}
	eshosttest.Given(t, Orders, events...).
		When(AddLine(tea)).ThenRejected("too_many", TooMany{"lines", 200}).
		When(AddLine{Sku: "7", Title: "x", Quantity: 1}).ThenRejected("duplicate_line", DuplicateLine{"7"}).
		When(Adjust{"x", 1}).ThenRejected("too_many", TooMany{"adjustments", 200}).
		When(Annotate{Set: map[string]string{"new": ""}}).ThenRejected("too_many", TooMany{"notes", 32}).
		When(Annotate{Set: notes}).Then().
		When(Annotate{Remove: []string{"3", "3"}, Set: map[string]string{"new": ""}}).Then(NoteRemoved{"3"}, NoteSet{"new", ""})
}
