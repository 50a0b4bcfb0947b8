//! The numbered cases of the sync semantics, each through the real engine and the real store,
//! between two scripted systems. Case 35 (idle runs write nothing) follows every scenario.

mod alerts;
mod breaker;
mod calls;
mod conflict_life;
mod conflicts;
mod deletes;
mod faults;
mod hard_cases;
mod idempotency;
mod listing;
mod merge;
mod observability;
mod pairing;
mod partners;
mod plans;
mod recovery;
mod remade;
mod rollback;
mod schedule;
mod tenants;
