//! Settling what an interrupted run left in the journal. Nothing old is sent: records it meant to
//! write are read again by id, and planned afresh with everything else.

use tandem_domain::ids::{OperationKey, RecordId, Side};

use super::context::RunContext;
use super::halt::Halt;
use super::read::read_by_id;
use crate::failpoints::{Point, reach};
use crate::ports::history::{OperationKind, OperationState};

/// Marks operations without a receipt and stages the records they were meant for. A create has no
/// id to read by: its half link stays to be planned, and pairs with its record when the listing
/// shows it (case 30).
pub(super) async fn settle_interrupted(run: &RunContext) -> Result<(), Halt> {
    if run.options.simulate {
        return Ok(());
    }
    let unsettled = run.session.with(|session| session.unsettled()).await?;
    if unsettled.is_empty() {
        return Ok(());
    }
    tracing::info!(run = %run.run, operations = unsettled.len(), "settling an interrupted run");
    for side in Side::BOTH {
        let ids: Vec<RecordId> = unsettled
            .iter()
            .filter(|operation| operation.side == side)
            .filter_map(|operation| operation.record_id.clone())
            .collect();
        for batch in ids.chunks(100) {
            read_by_id(run, side, batch.to_vec()).await?;
        }
    }
    let settled: Vec<(OperationKey, OperationState)> = unsettled
        .iter()
        .map(|operation| {
            let state = match operation.kind {
                OperationKind::Create => OperationState::Uncertain,
                // Read again above: whatever landed is seen, whatever did not is still owed.
                OperationKind::Update | OperationKind::Delete => OperationState::Dropped,
            };
            (operation.key, state)
        })
        .collect();
    reach(Point::Settling);
    run.session
        .with(move |session| session.settle(&settled))
        .await?;
    reach(Point::Settled);
    Ok(())
}
