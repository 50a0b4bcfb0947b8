//! Applying a plan that a person reviewed: a run that is handed the operations of a simulation and
//! sends what it plans by itself only where that is the same, value by value. Whatever drifted since is
//! put off for the next ordinary run, and reported.

use tandem_domain::ids::{Both, FieldName, RecordId, Side};
use tandem_domain::plan::Intent;
use tandem_domain::policy::Policy;
use tandem_domain::value::Value;

use super::context::RunContext;
use super::halt::Halt;
use super::plan::writes;
use super::rules::{RecordProblem, Rules, record_of};
use crate::ports::StoreError;
use crate::ports::history::{Change, ErrorType, FieldChange, OperationKind};
use crate::ports::session::{PlannedPair, RunSession};

/// Operations reported at a time.
const PAGE: usize = 500;

/// A pair that is not as it was reviewed.
pub(super) struct Drifted {
    side: Side,
    record_id: Option<RecordId>,
    /// What changed. `None`: nothing was reviewed for it, so that there is nothing to say of it but
    /// that it waits.
    why: Option<String>,
}

/// Fetches what was reviewed, if this run is to apply that.
pub(super) async fn take_up(run: &RunContext) -> Result<(), Halt> {
    let Some(simulation) = run.options.applies else {
        return Ok(());
    };
    run.session
        .with(move |session| session.review(simulation))
        .await?;
    Ok(())
}

/// Whether what is planned for a pair is something else than what was reviewed.
pub(super) fn drift(
    session: &mut dyn RunSession,
    rules: &Rules,
    planned: &PlannedPair,
) -> Result<Option<Drifted>, StoreError> {
    if !writes(&planned.decision) {
        // Nothing is sent; what was reviewed for it stays unmet and is reported at the end.
        return Ok(None);
    }
    let ids = Both::new(
        record_of(&planned.pair, Side::Source),
        record_of(&planned.pair, Side::Target),
    );
    let reviewed = session.reviewed(&ids)?;
    for side in Side::BOTH {
        let intent = planned.decision.intents.get(side).as_ref();
        let change = reviewed.iter().find(|change| change.side == side);
        let why = match (intent, change) {
            (None, None) => continue,
            (Some(intent), Some(change)) => match differs(rules, intent, change) {
                None => continue,
                why => why,
            },
            (Some(_), None) if reviewed.is_empty() => None,
            (Some(intent), None) => Some(format!(
                "{} of the {side}'s record would be sent now, and was not reviewed",
                a_kind(kind(intent))
            )),
            (None, Some(change)) => Some(format!(
                "{} of the {side}'s record was reviewed, and is not to be sent any more",
                a_kind(change.kind)
            )),
        };
        return Ok(Some(Drifted {
            side,
            record_id: record_of(&planned.pair, side)
                .or_else(|| record_of(&planned.pair, side.other())),
            why,
        }));
    }
    Ok(None)
}

/// What an operation that was reviewed says otherwise than the one planned now.
fn differs(rules: &Rules, intent: &Intent, reviewed: &Change) -> Option<String> {
    if reviewed.erased {
        return Some("what was reviewed for it was erased".to_owned());
    }
    let now = kind(intent);
    if now != reviewed.kind {
        return Some(format!(
            "{} was reviewed, and {} would be sent now",
            a_kind(reviewed.kind),
            a_kind(now)
        ));
    }
    let planned = match intent {
        Intent::Create { fields } => FieldChange::of(None, Some(fields)),
        Intent::Update { patch, before, .. } => FieldChange::of(Some(before), Some(patch)),
        Intent::Delete { before, .. } => FieldChange::of(Some(before), None),
    };
    let mut changed: Vec<&str> = planned
        .iter()
        .filter(|now| {
            !reviewed
                .fields
                .iter()
                .any(|then| then.field == now.field && same(rules, then, now))
        })
        .chain(
            reviewed
                .fields
                .iter()
                .filter(|then| !planned.iter().any(|now| now.field == then.field)),
        )
        .map(|it| it.field.as_str())
        .collect();
    changed.sort_unstable();
    changed.dedup();
    (!changed.is_empty()).then(|| {
        format!(
            "since {} was reviewed, {} changed",
            a_kind(now),
            changed.join(", ")
        )
    })
}

fn same(rules: &Rules, then: &FieldChange, now: &FieldChange) -> bool {
    let alike = |field: &FieldName, a: &Option<Value>, b: &Option<Value>| match (a, b) {
        (Some(a), Some(b)) => rules.schema.same(field, a, b),
        (None, None) => true,
        _ => false,
    };
    alike(&now.field, &then.before, &now.before) && alike(&now.field, &then.after, &now.after)
}

const fn kind(intent: &Intent) -> OperationKind {
    match intent {
        Intent::Create { .. } => OperationKind::Create,
        Intent::Update { .. } => OperationKind::Update,
        Intent::Delete { .. } => OperationKind::Delete,
    }
}

const fn a_kind(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "a create",
        OperationKind::Update => "an update",
        OperationKind::Delete => "a delete",
    }
}

/// Puts off whatever of `planned` is not as it was reviewed.
pub(super) async fn only_reviewed(
    run: &RunContext,
    policy: &Policy,
    planned: Vec<PlannedPair>,
) -> Result<Vec<PlannedPair>, Halt> {
    let rules = std::sync::Arc::clone(&run.rules);
    let (mut planned, found) = run
        .session
        .with(move |session| {
            let found = planned
                .iter()
                .map(|pair| drift(session, &rules, pair))
                .collect::<Result<Vec<_>, StoreError>>()?;
            Ok((planned, found))
        })
        .await?;
    let mut drifted = Vec::new();
    for (pair, found) in planned.iter_mut().zip(found) {
        if let Some(drift) = found {
            pair.put_off(policy, run.now());
            drifted.push(drift);
        }
    }
    report(run, drifted).await?;
    Ok(planned)
}

/// Tells what was left alone.
pub(super) async fn report(run: &RunContext, drifted: Vec<Drifted>) -> Result<(), Halt> {
    if drifted.is_empty() {
        return Ok(());
    }
    run.tally(|tally| tally.left_alone = true);
    let errors: Vec<_> = drifted
        .into_iter()
        .filter_map(|it| {
            let problem = problem(&it.why?);
            Some(run.record_error(it.side, it.record_id, &problem, None))
        })
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    run.session
        .with(move |session| session.log_errors(&errors))
        .await?;
    Ok(())
}

/// Tells what was reviewed and is not planned any more.
pub(super) async fn report_unmet(run: &RunContext) -> Result<(), Halt> {
    let mut after = None;
    loop {
        let page = run
            .session
            .with(move |session| session.reviewed_unmet(after, PAGE))
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.seq);
        let unmet = page
            .into_iter()
            .map(|change| Drifted {
                side: change.side,
                why: Some(format!(
                    "{} of the {}'s record was reviewed, and there is no need for it any more",
                    a_kind(change.kind),
                    change.side
                )),
                record_id: change.record_id.or(change.other_id),
            })
            .collect();
        report(run, unmet).await?;
    }
}

fn problem(why: &str) -> RecordProblem {
    RecordProblem {
        error_type: ErrorType::Conflict,
        message: format!("{why}; it was left alone"),
        fix: "Simulate again and look at what is planned for it now, or let the next run sync it."
            .into(),
    }
}
