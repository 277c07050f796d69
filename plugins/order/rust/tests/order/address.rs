use order::{Address, Event, Refusal, Role, SetAddresses, Status};

use crate::{given_order, home};

fn shipping(address: Address) -> SetAddresses {
    SetAddresses { shipping: Some(address), billing: None }
}

fn billing(address: Address) -> SetAddresses {
    SetAddresses { shipping: None, billing: Some(address) }
}

#[test]
fn only_addresses_that_differ_are_set() {
    let abroad = Address { phone: Some("1".into()), ..home() };
    given_order(Status::Paid)
        .when(SetAddresses::default())
        .then([])
        .when(shipping(home()))
        .then([])
        .when(SetAddresses { shipping: Some(abroad.clone()), billing: Some(home()) })
        .then([
            Event::AddressSet { role: Role::Shipping, address: abroad },
            Event::AddressSet { role: Role::Billing, address: home() },
        ])
        .when(billing(home()))
        .then([]);
}

#[test]
fn a_wrong_field_of_an_address_is_named_by_its_path() {
    let wrong = [
        ("name", Address { name: "".into(), ..home() }),
        ("lines", Address { lines: vec![], ..home() }),
        ("lines", Address { lines: ["1", "2", "3", "4", "5"].map(String::from).into(), ..home() }),
        ("lines", Address { lines: ["1", ""].map(String::from).into(), ..home() }),
        ("postal_code", Address { postal_code: "".into(), ..home() }),
        ("city", Address { city: "".into(), ..home() }),
        ("country", Address { country: "".into(), ..home() }),
        ("phone", Address { phone: Some("".into()), ..home() }),
    ];
    for (field, address) in wrong {
        given_order(Status::Placed)
            .when(shipping(address.clone()))
            .then_rejected(Refusal::Invalid { field: format!("shipping.{field}") })
            .when(billing(address))
            .then_rejected(Refusal::Invalid { field: format!("billing.{field}") });
    }
}
