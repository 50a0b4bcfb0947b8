//! Deciding many conflicts alike: chunk by chunk, each conflict answering for itself, so that one
//! that cannot be decided keeps no other from it (unless that is asked for), and what was decided
//! before an interruption stays decided.

use std::collections::{BTreeMap, HashSet};

use tandem_domain::conflict::{
    Choice, ConflictDecision, ConflictField, ConflictKind, ConflictState,
};
use tandem_domain::ids::{ConflictId, SyncId};
use tandem_domain::value::Value;
use tandem_engine::ports::StoreError;
use tandem_engine::ports::store::{ConflictFilter, ConflictRecord, NewDecision, SyncRecord};

use super::conflicts::{delete_decision, taken};
use crate::app::{App, Scope};
use crate::error::{AppError, sentence};
use crate::lookup::{self, Syncs};
use crate::views::conflicts::{contested, summary};
use crate::wire::{
    ConflictsDecided, DecidedConflict, DecisionOutcome, DeleteChoice, FieldChoice, PickedConflict,
    ResolveConflicts, ResultingValue, Take, WireEvent,
};

/// Conflicts decided in one transaction: short enough to keep no run waiting.
pub(super) const CHUNK: usize = 200;

/// The one decision for all of them.
#[derive(Debug, Clone)]
enum Wanted {
    Fields {
        take: Option<Take>,
        choices: Vec<FieldChoice>,
    },
    Records(DeleteChoice),
}

/// A conflict on its way to being decided.
enum Case {
    /// It can be: this is to be kept.
    Fits(Box<(ConflictRecord, NewDecision)>),
    /// It cannot.
    Not(DecidedConflict),
}

impl App {
    /// Decides many conflicts alike, each answering for itself.
    ///
    /// # Errors
    /// [`AppError::Argument`] where the decision itself makes no sense; the store's own failures.
    /// What was decided before such a failure stays decided.
    pub async fn resolve_conflicts(
        &self,
        args: ResolveConflicts,
    ) -> Result<ConflictsDecided, AppError> {
        let wanted = wanted(&args)?;
        let (tenant, dry_run) = (args.tenant.clone(), args.dry_run);
        let chosen = self.choose(&args, &wanted).await?;
        // All or nothing is one transaction.
        let size = if args.together {
            chosen.len().max(1)
        } else {
            CHUNK
        };
        let mut said = ConflictsDecided {
            dry_run,
            decided: 0,
            left: 0,
            conflicts: Vec::with_capacity(chosen.len()),
        };
        for chunk in chosen.chunks(size) {
            let (chunk, wanted) = (chunk.to_vec(), wanted.clone());
            let (note, together) = (args.note.clone(), args.together);
            let (answers, kept) = self
                .with_tenant(&tenant, move |scope| {
                    decide_chunk(scope, &chunk, &wanted, note.as_deref(), together, dry_run)
                })
                .await?;
            for answer in answers {
                if answer.outcome == DecisionOutcome::Decided {
                    said.decided += 1;
                } else {
                    said.left += 1;
                }
                said.conflicts.push(answer);
            }
            self.decided_many(&tenant, &kept);
        }
        Ok(said)
    }

    /// Tells of conflicts that changed.
    pub(super) fn changed_many(&self, tenant: &str, changed: &[ConflictRecord]) {
        match changed {
            [] => {}
            // Few enough to name; else whoever listens fetches its lists afresh.
            few if few.len() <= 20 => few.iter().for_each(|it| self.conflict_changed(tenant, it)),
            _ => self.inner.hub.publish_event(WireEvent::WorkspaceChanged {
                tenant: tenant.to_owned(),
            }),
        }
    }

    /// The conflicts meant, by id; what is no id of ours stays as it was given.
    async fn choose(
        &self,
        args: &ResolveConflicts,
        wanted: &Wanted,
    ) -> Result<Vec<PickedConflict>, AppError> {
        if let Some(ids) = &args.ids {
            return Ok(ids.clone());
        }
        let (sync, field, wanted) = (args.sync.clone(), args.contested.clone(), wanted.clone());
        self.with_tenant(&args.tenant, move |scope| {
            let sync = lookup::sync_filter(scope.store, sync.as_deref())?;
            let mut filter = ConflictFilter {
                sync,
                state: Some(ConflictState::Open),
                before: None,
                limit: CHUNK,
            };
            let mut chosen = Vec::new();
            loop {
                let page = scope.store.conflicts(&filter)?;
                let Some(last) = page.last() else {
                    return Ok(chosen);
                };
                filter.before = Some(last.id);
                chosen.extend(
                    page.iter()
                        .filter(|it| wanted.is_about(it.draft.kind))
                        .filter(|it| {
                            field
                                .as_ref()
                                .is_none_or(|field| contested(it).any(|it| it.as_str() == field))
                        })
                        .map(|it| PickedConflict {
                            id: it.id.to_string(),
                            revision: Some(it.revision),
                        }),
                );
            }
        })
        .await
    }

    /// Tells of decisions that were kept, and sees to it that they are carried out: by one run for
    /// each sync.
    fn decided_many(&self, tenant: &str, kept: &[ConflictRecord]) {
        self.changed_many(tenant, kept);
        if !self.inner.carries_out {
            return;
        }
        let syncs: BTreeMap<SyncId, &ConflictRecord> =
            kept.iter().map(|it| (it.sync, it)).collect();
        for conflict in syncs.into_values() {
            self.carry_out_later(tenant.to_owned(), conflict);
        }
    }
}

/// What each contested field would become.
fn results(conflict: &ConflictRecord, decision: &ConflictDecision) -> Vec<ResultingValue> {
    let ConflictDecision::Fields(choices) = decision else {
        return Vec::new();
    };
    let shown = |value: Option<&Value>| value.map_or(serde_json::Value::Null, Value::to_wire);
    let of = |field: &ConflictField| {
        let result = match choices.get(&field.field)? {
            Choice::Source => shown(field.source.as_ref()),
            Choice::Target => shown(field.target.as_ref()),
            Choice::Base => shown(field.base.as_ref()),
            Choice::Custom(value) => value.to_wire(),
        };
        Some(ResultingValue {
            field: field.field.to_string(),
            source: shown(field.source.as_ref()),
            target: shown(field.target.as_ref()),
            result,
        })
    };
    conflict.draft.fields.iter().filter_map(of).collect()
}

impl Wanted {
    /// Whether a filter means such conflicts: fields are chosen where fields are contested.
    fn is_about(&self, kind: ConflictKind) -> bool {
        match self {
            Self::Fields { .. } => kind != ConflictKind::Delete,
            Self::Records(DeleteChoice::Unlink) => true,
            Self::Records(_) => kind == ConflictKind::Delete,
        }
    }

    fn decision(
        &self,
        conflict: &ConflictRecord,
        sync: &SyncRecord,
    ) -> Result<ConflictDecision, AppError> {
        match self {
            Self::Records(choice) => delete_decision(conflict, *choice),
            Self::Fields { take, choices } => {
                let about_a_delete = conflict.draft.kind == ConflictKind::Delete;
                let fields: Vec<_> = contested(conflict).collect();
                if about_a_delete || fields.is_empty() {
                    return Err(refusal("it is about a delete, not about fields"));
                }
                let schema = sync.config.mapping.schema();
                for choice in choices {
                    if !schema.fields.keys().any(|it| it.as_str() == choice.field) {
                        return Err(refusal(&format!(
                            "{} has no field {:?}",
                            sync.config.name, choice.field
                        )));
                    }
                }
                let mut decided = BTreeMap::new();
                for field in fields {
                    let named = choices.iter().find(|it| it.field == field.as_str());
                    let choice = match (named, take) {
                        (Some(choice), _) => choice.clone(),
                        (None, Some(take)) => FieldChoice {
                            field: field.to_string(),
                            take: *take,
                            value: None,
                        },
                        (None, None) => {
                            return Err(refusal(&format!("nothing is chosen for {field}")));
                        }
                    };
                    decided.insert(field.clone(), taken(conflict, sync, field, &choice)?);
                }
                Ok(ConflictDecision::Fields(decided))
            }
        }
    }
}

/// What is asked for, if it makes sense at all.
fn wanted(args: &ResolveConflicts) -> Result<Wanted, AppError> {
    let fields = args.take.is_some() || !args.choices.is_empty();
    let wrong = |what: &str, fix: &str| {
        Err(AppError::Argument {
            what: what.to_owned(),
            why: "Many conflicts are decided by one decision.".to_owned(),
            fix: fix.to_owned(),
        })
    };
    if args.ids.is_some() && (args.sync.is_some() || args.contested.is_some()) {
        return wrong(
            "conflicts are named one by one and by a filter too",
            "Do the one or the other.",
        );
    }
    let mut named = HashSet::new();
    if let Some(twice) = args.choices.iter().find(|it| !named.insert(&it.field)) {
        return wrong(
            &format!("{:?} is chosen twice", twice.field),
            "Choose once for each field.",
        );
    }
    match (args.choice, args.take) {
        (Some(_), _) if fields => wrong(
            "values are chosen for fields and a fate for records too",
            "Choose values for conflicts about fields, a fate for those about deletes.",
        ),
        (Some(choice), _) => Ok(Wanted::Records(choice)),
        (None, Some(Take::Custom)) => wrong(
            "a value of one's own cannot be taken for every field",
            "Choose source, target or base for the rest, and values field by field.",
        ),
        (None, take) if fields => Ok(Wanted::Fields {
            take,
            choices: args.choices.clone(),
        }),
        (None, _) => wrong(
            "no decision is given",
            "Say which side's value is taken, or what is to become of the records.",
        ),
    }
}

fn refusal(what: &str) -> AppError {
    AppError::Argument {
        what: what.to_owned(),
        why: String::new(),
        fix: String::new(),
    }
}

/// Decides some; the answers in order, and what was kept.
fn decide_chunk(
    scope: &Scope<'_>,
    chosen: &[PickedConflict],
    wanted: &Wanted,
    note: Option<&str>,
    together: bool,
    dry_run: bool,
) -> Result<(Vec<DecidedConflict>, Vec<ConflictRecord>), AppError> {
    let mut syncs = Syncs::load(scope.store)?;
    let not_before = scope.inner.not_before();
    let mut met = HashSet::new();
    let mut cases = Vec::with_capacity(chosen.len());
    for picked in chosen {
        let case = case(scope, &mut syncs, &mut met, picked, wanted)?;
        cases.push(match case {
            Ok((conflict, decision)) => {
                let new = NewDecision {
                    conflict: conflict.id,
                    revision: picked.revision.unwrap_or(conflict.revision),
                    decision,
                    note: note.map(str::to_owned),
                    not_before,
                };
                Case::Fits(Box::new((conflict, new)))
            }
            Err(not) => Case::Not(not),
        });
    }
    let all_fit = cases.iter().all(|it| matches!(it, Case::Fits(_)));
    let held_back = together && !all_fit;
    let answers = if dry_run || held_back {
        None
    } else {
        let decisions: Vec<NewDecision> = cases
            .iter()
            .filter_map(|case| match case {
                Case::Fits(fits) => Some(fits.1.clone()),
                Case::Not(_) => None,
            })
            .collect();
        let who = scope.inner.who();
        Some(scope.store.decide_many(&decisions, together, &who)?)
    };
    let lost = together
        && answers
            .as_ref()
            .is_some_and(|answers| answers.iter().any(Result::is_err));
    let mut answers = answers.map(Vec::into_iter);
    let (mut told, mut kept) = (Vec::with_capacity(cases.len()), Vec::new());
    for case in cases {
        let (conflict, new) = match case {
            Case::Not(not) => {
                told.push(not);
                continue;
            }
            Case::Fits(fits) => *fits,
        };
        let results = if dry_run {
            results(&conflict, &new.decision)
        } else {
            Vec::new()
        };
        let shown = summary(&conflict, syncs.get(conflict.sync), Vec::new());
        let (outcome, reason) = match answers.as_mut().and_then(Iterator::next) {
            Some(Err(StoreError::NotFound { .. })) => {
                (DecisionOutcome::NotFound, Some(no_such().to_owned()))
            }
            Some(Err(error)) => (DecisionOutcome::Stale, Some(sentence(&error.to_string()))),
            _ if held_back || lost => (
                DecisionOutcome::HeldBack,
                Some("Another one could not be decided, and it was all or nothing.".to_owned()),
            ),
            Some(Ok(decided)) => {
                kept.push(decided);
                (DecisionOutcome::Decided, None)
            }
            None => (DecisionOutcome::Decided, None),
        };
        told.push(DecidedConflict {
            id: shown.id,
            label: shown.label,
            sync: shown.sync,
            revision: Some(shown.revision),
            outcome,
            reason,
            results,
        });
    }
    Ok((told, kept))
}

/// The conflict that an id names, or why it names none. The outer error is the store's own.
pub(super) fn named(
    scope: &Scope<'_>,
    id: &str,
) -> Result<Result<ConflictRecord, String>, AppError> {
    match lookup::conflict(scope.store, id) {
        Ok(conflict) => Ok(Ok(conflict)),
        Err(AppError::Unknown { .. }) => Ok(Err(no_such().to_owned())),
        Err(error @ (AppError::Ambiguous { .. } | AppError::Argument { .. })) => {
            Ok(Err(sentence(&error.to_string())))
        }
        Err(error) => Err(error),
    }
}

const fn no_such() -> &'static str {
    "This tenant has no such conflict."
}

/// One conflict and its decision, or why it gets none. The outer error is the store's own.
fn case(
    scope: &Scope<'_>,
    syncs: &mut Syncs<'_>,
    met: &mut HashSet<ConflictId>,
    picked: &PickedConflict,
    wanted: &Wanted,
) -> Result<Result<(ConflictRecord, ConflictDecision), DecidedConflict>, AppError> {
    let unknown = |outcome, reason: String| DecidedConflict {
        id: picked.id.clone(),
        label: String::new(),
        sync: String::new(),
        revision: None,
        outcome,
        reason: Some(reason),
        results: Vec::new(),
    };
    let conflict = match named(scope, &picked.id)? {
        Ok(conflict) => conflict,
        Err(why) => return Ok(Err(unknown(DecisionOutcome::NotFound, why))),
    };
    let sync = syncs.get(conflict.sync).cloned();
    let not = |outcome, reason: String| {
        let shown = summary(&conflict, sync.as_ref(), Vec::new());
        Ok(Err(DecidedConflict {
            id: shown.id,
            label: shown.label,
            sync: shown.sync,
            revision: Some(shown.revision),
            outcome,
            reason: Some(reason),
            results: Vec::new(),
        }))
    };
    if !met.insert(conflict.id) {
        return not(DecisionOutcome::Refused, "It is named twice.".to_owned());
    }
    let settled = match conflict.state {
        ConflictState::Open => None,
        ConflictState::Decided => Some("It is decided already."),
        ConflictState::Resolved => Some("It is decided and written already."),
        ConflictState::Closed => Some("It closed by itself."),
    };
    if let Some(settled) = settled {
        return not(DecisionOutcome::AlreadySettled, settled.to_owned());
    }
    if picked
        .revision
        .is_some_and(|revision| revision != conflict.revision)
    {
        return not(
            DecisionOutcome::Stale,
            "The record changed since it was looked at.".to_owned(),
        );
    }
    let Some(sync) = &sync else {
        return not(
            DecisionOutcome::Refused,
            "Its sync is not there any more.".to_owned(),
        );
    };
    match wanted.decision(&conflict, sync) {
        Ok(decision) => Ok(Ok((conflict, decision))),
        Err(error) => not(DecisionOutcome::Refused, sentence(&error.to_string())),
    }
}
