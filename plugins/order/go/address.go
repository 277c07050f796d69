package main

import (
	"slices"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

const maxAddressLines = 4

// Address is where somebody is.
type Address struct {
	Name       string
	Lines      []string
	PostalCode string
	City       string
	Country    string
	Phone      eshost.Optional[string]
}

// Role is what an address is for.
type Role uint8

// The roles of addresses.
const (
	ForShipping Role = iota
	ForBilling
)

// EnumNames are the roles as payloads have them.
func (Role) EnumNames() []string { return []string{"shipping", "billing"} }

// SetAddresses asks to send the goods, or the bill, elsewhere.
type SetAddresses struct {
	Shipping eshost.Optional[Address]
	Billing  eshost.Optional[Address]
}

// AddressSet says where the goods, or the bill, go now.
type AddressSet struct {
	Role    Role
	Address Address
}

var exampleAddresses = []SetAddresses{
	{Shipping: eshost.Some(Address{Name: "Ada Byron", Lines: []string{"12 St James's Square", "2nd floor"}, PostalCode: "SW1Y 4JH", City: "London", Country: "GB"})},
	{Billing: eshost.Some(Address{Name: "Byron & Co", Lines: []string{"PO Box 7"}, PostalCode: "SW1Y 4JH", City: "London", Country: "GB", Phone: eshost.Some("+44 20 7946 0000")})},
	{Shipping: eshost.Some(Address{Name: "Nobody", Lines: []string{"Nowhere"}, PostalCode: "0", Country: "GB"})},
	{},
}

func (a Address) check(f *fields) {
	f.text("name", a.Name)
	f.hold("lines", 1 <= len(a.Lines) && len(a.Lines) <= maxAddressLines && !slices.ContainsFunc(a.Lines, func(s string) bool { return !isText(s) }))
	f.text("postal_code", a.PostalCode)
	f.text("city", a.City)
	f.text("country", a.Country)
	f.optionalText("phone", a.Phone)
}

func (a Address) equals(b Address) bool {
	return a.Name == b.Name && slices.Equal(a.Lines, b.Lines) && a.PostalCode == b.PostalCode && a.City == b.City &&
		a.Country == b.Country && a.Phone == b.Phone
}

func (c SetAddresses) check(f *fields) {
	if a, ok := c.Shipping.Get(); ok {
		f.inner("shipping", a)
	}
	if a, ok := c.Billing.Get(); ok {
		f.inner("billing", a)
	}
}

func setAddresses(_ *eshost.Context, o Order, c SetAddresses) eshost.Effect {
	var events []any
	set := func(role Role, wanted, present eshost.Optional[Address]) {
		address, ok := wanted.Get()
		if former, there := present.Get(); ok && !(there && address.equals(former)) {
			events = append(events, AddressSet{role, address})
		}
	}
	set(ForShipping, c.Shipping, o.Shipping)
	set(ForBilling, c.Billing, o.Billing)
	return eshost.Accept(events...)
}

func addressSet(o Order, e AddressSet) Order {
	if e.Role == ForBilling {
		o.Billing = eshost.Some(e.Address)
	} else {
		o.Shipping = eshost.Some(e.Address)
	}
	return o
}
