//! A plugin for eshost: orders that are filled, placed, paid, shipped and delivered. Its rules and its wire form are those
//! of the README one folder up, which the order has in every language.

mod address;
mod cancellation;
mod event;
mod field;
mod line;
mod note;
mod order;
mod payment;
mod placement;
mod refusal;
mod shipment;
mod total;

pub use self::{
    address::{Address, Role, SetAddresses},
    cancellation::{Cancel, Ending},
    event::Event,
    line::{AddLine, AddLineError, ChangeQuantity, ChangeQuantityError, Line},
    note::{Annotate, AnnotateError},
    order::{Order, Show, Status, Summary},
    payment::{Card, Method, Pay, PayError, Payment, Transfer},
    placement::{Place, PlaceError},
    refusal::Refusal,
    shipment::{Deliver, Delivery, Ship, Shipment},
    total::{Adjust, AdjustError, Adjustment},
};

eshost::plugin!(Order => [
    AddLine,
    ChangeQuantity,
    Adjust,
    SetAddresses,
    Annotate,
    Place,
    Pay,
    Ship,
    Deliver,
    Cancel,
    Show,
]);
