//! One suite for every connector: what the port promises, checked against systems that can be
//! changed behind the connector's back.

mod clock;
mod doubles;
mod http_faults;
mod rest_details;
mod suite;
mod system;
mod systems;
