//! What planning needs of a configuration, gathered once a run.

use crate::config::{DeleteConflictPolicy, DeletePolicy, SyncConfiguration, SyncDirection};
use crate::ids::{Both, FieldName, Side};
use crate::plan::Clocks;
use crate::resolution::ConflictResolutionService;
use crate::schema::{CanonicalSchema, FieldAccess};

/// The rules by which pairs are planned.
#[derive(Debug)]
pub struct Policy {
    /// Which sides are written.
    pub direction: SyncDirection,
    /// Who wins a contested field.
    pub conflicts: ConflictResolutionService,
    /// Who wins where a delete met an edit.
    pub delete_conflict: DeleteConflictPolicy,
    /// What a delete means.
    pub deletes: DeletePolicy,
    /// Whether a one-way sync puts the receiving side back.
    pub enforce: bool,
    /// What is known of the two clocks.
    pub clocks: Clocks,
    /// The canonical fields.
    pub schema: CanonicalSchema,
    /// What each side can take at all, whatever the direction.
    pub writes: Both<SideWrites>,
}

/// What one side can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideWrites {
    /// New records.
    pub create: bool,
    /// Changes.
    pub update: bool,
    /// Deletes.
    pub delete: bool,
}

impl SideWrites {
    /// Everything.
    pub const ALL: Self = Self {
        create: true,
        update: true,
        delete: true,
    };
}

impl Policy {
    /// The policy of a configuration. A connection that cannot take some kind of write narrows
    /// [`writes`](Self::writes) afterwards; a field that turns out to be read-only there narrows the
    /// schema through [`read_only`](Self::read_only).
    #[must_use]
    pub fn new(configuration: &SyncConfiguration, clocks: Clocks) -> Self {
        Self {
            direction: configuration.direction,
            conflicts: ConflictResolutionService::new(&configuration.conflict),
            delete_conflict: configuration.conflict.delete_conflict,
            deletes: configuration.deletes,
            enforce: configuration.enforce,
            clocks,
            schema: configuration.mapping.schema(),
            writes: Both::new(SideWrites::ALL, SideWrites::ALL),
        }
    }

    /// Marks `field` as never written on `side`.
    pub fn read_only(&mut self, side: Side, field: &FieldName) {
        if let Some(spec) = self.schema.fields.get_mut(field) {
            match side {
                Side::Source => spec.source = FieldAccess::ReadOnly,
                Side::Target => spec.target = FieldAccess::ReadOnly,
            }
        }
    }

    /// Whether the direction lets `side` be written.
    #[must_use]
    pub const fn receives(&self, side: Side) -> bool {
        self.direction.receives(side)
    }

    /// Whether `field` may be changed on `side`.
    #[must_use]
    pub fn writable(&self, side: Side, field: &FieldName) -> bool {
        self.receives(side) && self.writes.get(side).update && self.schema.writable(side, field)
    }

    /// Whether records may be made on `side`.
    #[must_use]
    pub const fn creates(&self, side: Side) -> bool {
        self.receives(side) && self.writes.get(side).create
    }

    /// Whether records may be deleted on `side`.
    #[must_use]
    pub const fn deletes_on(&self, side: Side) -> bool {
        self.receives(side) && self.writes.get(side).delete
    }

    /// Whether what `side` changed by itself is put back.
    #[must_use]
    pub fn enforces(&self, side: Side) -> bool {
        self.enforce && self.direction != SyncDirection::Bidirectional && self.receives(side)
    }
}
