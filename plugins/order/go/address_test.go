package main

import (
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

func TestOnlyAddressesThatDifferAreSet(t *testing.T) {
	abroad := home
	abroad.Phone = eshost.Some("1")
	given(t, Paid).
		When(SetAddresses{}).Then().
		When(SetAddresses{Shipping: eshost.Some(home)}).Then().
		When(SetAddresses{Shipping: eshost.Some(abroad), Billing: eshost.Some(home)}).Then(AddressSet{ForShipping, abroad}, AddressSet{ForBilling, home})
	for field, change := range map[string]func(*Address){
		"name":        func(a *Address) { a.Name = "" },
		"lines":       func(a *Address) { a.Lines = nil },
		"postal_code": func(a *Address) { a.PostalCode = "" },
		"city":        func(a *Address) { a.City = "" },
		"country":     func(a *Address) { a.Country = "" },
		"phone":       func(a *Address) { a.Phone = eshost.Some("") },
	} {
		wrong := home
		change(&wrong)
		given(t, Paid).
			When(SetAddresses{Shipping: eshost.Some(wrong)}).ThenRejected("invalid", Invalid{"shipping." + field}).
			When(SetAddresses{Billing: eshost.Some(wrong)}).ThenRejected("invalid", Invalid{"billing." + field})
	}
	for _, lines := range [][]string{{"1", "2", "3", "4", "5"}, {"1", ""}} {
		wrong := home
		wrong.Lines = lines
		given(t, Open).When(SetAddresses{Shipping: eshost.Some(wrong)}).ThenRejected("invalid", Invalid{"shipping.lines"})
	}
}
