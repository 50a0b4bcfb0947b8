//! No record is made a second time: where a deleted partner is to be made again, nobody else may bear
//! its match key by then, be it parked, quarantined, unlinked, or met only in this run.

use tandem_domain::ids::{Both, LinkId, Side};
use tandem_domain::plan::Intent;
use tandem_domain::policy::Policy;
use tandem_domain::record::ContentHash;

use super::apply::Item;
use super::context::RunContext;
use super::halt::Halt;

/// Takes back creates whose key somebody else bears: the link is planned again by the next run, which
/// meets that record as the partner. (Pairs without a link need no look: the walk over new records
/// goes by their keys.)
pub(super) async fn put_off(
    run: &RunContext,
    policy: &Policy,
    items: &mut [Item],
) -> Result<(), Halt> {
    let asked: Vec<(usize, Side, ContentHash, Option<LinkId>)> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.planned.pair.link.is_some())
        .filter_map(|(at, item)| {
            let (side, fields) = Side::BOTH.into_iter().find_map(|side| {
                match &item.writes.get(side).as_ref()?.intent {
                    Intent::Create { fields } => Some((side, fields)),
                    Intent::Update { .. } | Intent::Delete { .. } => None,
                }
            })?;
            let key = run
                .rules
                .schema
                .key_hash(&run.sync.config.match_key, fields)?;
            Some((at, side, key, item.link_id))
        })
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let doubles = run
        .session
        .with(move |session| {
            let mut doubles = Vec::new();
            for (at, side, key, link) in asked {
                let bearers = session.bearers(side, key, link)?;
                if !bearers.is_empty() {
                    doubles.push((at, side, bearers));
                }
            }
            Ok(doubles)
        })
        .await?;
    for (at, side, bearers) in doubles {
        let Some(item) = items.get_mut(at) else {
            continue;
        };
        tracing::info!(run = %run.run, %side, bearers = bearers.len(), "a record is not made again: its match key is borne by another one");
        item.planned.put_off(policy, run.now());
        item.writes = Both::new(None, None);
        item.carries_out = None;
        item.reason = item.planned.decision.reason;
    }
    Ok(())
}
