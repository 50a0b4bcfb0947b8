//! How many calls one connection takes at once, over all runs of this process (KIV-001).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tandem_domain::ids::{ConnectionId, TenantId};
use tokio::sync::Semaphore;

/// The places of every connection that a run is using.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<HashMap<(TenantId, ConnectionId), Weak<Semaphore>>>);

impl Places {
    /// The places of a connection: `in_flight` of them, shared with every run that uses it now.
    pub(crate) fn of(
        &self,
        tenant: TenantId,
        connection: ConnectionId,
        in_flight: usize,
    ) -> Arc<Semaphore> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, places| places.strong_count() > 0);
        let key = (tenant, connection);
        if let Some(places) = known.get(&key).and_then(Weak::upgrade) {
            return places;
        }
        let places = Arc::new(Semaphore::new(in_flight.max(1)));
        known.insert(key, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn runs_of_one_connection_share_its_places_as_long_as_one_uses_them() {
        let (tenant, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let connection = ConnectionId(Uuid::from_u128(3));
        let places = Places::default();
        let one = places.of(tenant, connection, 2);
        let two = places.of(tenant, connection, 2);
        let theirs = places.of(other, connection, 2);
        let taken = (one.try_acquire(), two.try_acquire());
        assert!(taken.0.is_ok() && taken.1.is_ok());
        assert!(one.try_acquire().is_err(), "two in all");
        assert!(theirs.try_acquire().is_ok(), "another tenant's are its own");
        drop(taken);
        drop((one, two));
        // With nobody left the next run's own number counts.
        let next = places.of(tenant, connection, 0);
        assert_eq!(next.available_permits(), 1, "never none");
    }
}
