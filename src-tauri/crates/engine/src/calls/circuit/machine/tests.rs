//! TEST-004: the circuit breaker's transitions as tables.

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

/// What happens to a circuit, at a second.
enum Event {
    /// A call is admitted (or refused) and ends at once.
    Call(Verdict),
    /// A probe is taken and has not answered yet.
    Take,
    /// The last admitted call or probe answers.
    Answer(Verdict),
    Isolate,
    Reset,
}

/// Plays events; what it says to the next call.
fn after(events: &[(i64, Event)], now: i64) -> Result<Admission, CircuitRefusal> {
    let mut circuit = CircuitRecord::default();
    let mut held = Ticket(0);
    for (second, event) in events {
        let moment = at(*second);
        let next = match event {
            Event::Call(verdict) => {
                let (admitted, next) = admit(&circuit, moment);
                circuit = next.unwrap_or(circuit);
                admitted.ok().and_then(|admission| {
                    let (Admission::Call(ticket) | Admission::Probe(ticket)) = admission;
                    settle(&circuit, ticket, *verdict, "no route", moment)
                })
            }
            Event::Take => {
                let (admitted, next) = admit(&circuit, moment);
                let (Admission::Call(ticket) | Admission::Probe(ticket)) = admitted.unwrap();
                held = ticket;
                next
            }
            Event::Answer(verdict) => settle(&circuit, held, *verdict, "no route", moment),
            Event::Isolate => isolate(&circuit, moment),
            Event::Reset => reset(&circuit, moment),
        };
        circuit = next.unwrap_or(circuit);
    }
    admit(&circuit, at(now)).0
}

fn failures(n: usize) -> Vec<(i64, Event)> {
    std::iter::repeat_with(|| (0, Event::Call(Verdict::Down)))
        .take(n)
        .collect()
}

/// Five failures at second 0, then these.
fn opened(more: impl IntoIterator<Item = (i64, Event)>) -> Vec<(i64, Event)> {
    failures(5).into_iter().chain(more).collect()
}

/// A name, what happens, when the next call asks, what it is told.
type Row = (&'static str, Vec<(i64, Event)>, i64, Says);

#[derive(Debug, PartialEq)]
enum Says {
    Call,
    Probe,
    Open(i64, u32),
    Isolated,
    Probing,
}

#[test]
fn test_004_circuit_breaker_state_transitions() {
    use Event::{Answer, Call, Isolate, Reset, Take};
    use Verdict::{Alive, Down, Unclear};
    let table: Vec<Row> = vec![
        ("fresh", vec![], 0, Says::Call),
        ("four failures", failures(4), 0, Says::Call),
        ("five failures", failures(5), 0, Says::Open(300, 5)),
        ("a second before", failures(5), 299, Says::Open(300, 5)),
        ("five minutes after", failures(5), 300, Says::Probe),
        (
            "a success or well-formed 4xx in between starts the count again",
            failures(4)
                .into_iter()
                .chain([(0, Call(Alive))])
                .chain(failures(4))
                .collect(),
            0,
            Says::Call,
        ),
        (
            "429 in between neither counts nor resets",
            failures(4)
                .into_iter()
                .chain([(0, Call(Unclear)), (1, Call(Down))])
                .collect(),
            1,
            Says::Open(301, 5),
        ),
        (
            "any number of 429",
            std::iter::repeat_with(|| (0, Call(Unclear)))
                .take(50)
                .collect(),
            0,
            Says::Call,
        ),
        ("while probed", opened([(300, Take)]), 301, Says::Probing),
        (
            "to the lease's last moment",
            opened([(300, Take)]),
            344,
            Says::Probing,
        ),
        (
            "a probe that never answered",
            opened([(300, Take)]),
            345,
            Says::Probe,
        ),
        (
            "a probe that succeeded",
            opened([(300, Take), (310, Answer(Alive))]),
            310,
            Says::Call,
        ),
        (
            "a probe that failed opens it for five more minutes",
            opened([(300, Take), (310, Answer(Down))]),
            609,
            Says::Open(610, 6),
        ),
        (
            "a probe that says neither gives its lease back",
            opened([(300, Take), (310, Answer(Unclear))]),
            310,
            Says::Probe,
        ),
        (
            "closed by a probe, it takes five failures again",
            opened([(300, Take), (310, Answer(Alive))])
                .into_iter()
                .chain(failures(4))
                .collect(),
            310,
            Says::Call,
        ),
        (
            "a success of before it opened is late",
            [(0, Take)]
                .into_iter()
                .chain(opened([(1, Answer(Alive))]))
                .collect(),
            1,
            Says::Open(300, 5),
        ),
        (
            "a probe whose lease another took is late",
            opened([(300, Take), (345, Call(Down)), (346, Answer(Alive))]),
            346,
            Says::Open(645, 6),
        ),
        (
            "a failure of before a reset is late",
            failures(4)
                .into_iter()
                .chain([(0, Take), (0, Reset), (0, Answer(Down))])
                .collect(),
            0,
            Says::Call,
        ),
        ("isolated", vec![(0, Isolate)], 99_999, Says::Isolated),
        (
            "isolated while a call is under way: its success opens nothing",
            vec![(0, Take), (0, Isolate), (0, Answer(Alive))],
            1,
            Says::Isolated,
        ),
        (
            "isolated and reset",
            vec![(0, Isolate), (1, Reset)],
            1,
            Says::Call,
        ),
        ("open and reset", opened([(1, Reset)]), 1, Says::Call),
    ];
    for (name, events, now, want) in table {
        let says = match after(&events, now) {
            Ok(Admission::Call(_)) => Says::Call,
            Ok(Admission::Probe(_)) => Says::Probe,
            Err(CircuitRefusal::Open {
                until, failures, ..
            }) => Says::Open((until - at(0)).num_seconds(), failures),
            Err(CircuitRefusal::Isolated) => Says::Isolated,
            Err(CircuitRefusal::Probing) => Says::Probing,
        };
        assert_eq!(says, want, "{name}");
    }
}

#[test]
fn test_004_a_success_costs_a_healthy_circuit_no_write() {
    let circuit = CircuitRecord::default();
    let (admitted, next) = admit(&circuit, at(0));
    let Ok(Admission::Call(ticket)) = admitted else {
        panic!("closed: {admitted:?}")
    };
    assert_eq!(next, None);
    assert_eq!(settle(&circuit, ticket, Verdict::Alive, "", at(0)), None);
}

#[test]
fn test_004_a_clock_set_back_keeps_a_circuit_shut_for_five_minutes_at_most() {
    // Opened while the clock was a day ahead; a probe's lease likewise.
    let ahead = 86_400;
    let mut circuit = CircuitRecord {
        failures: 5,
        open_until: Some(at(ahead)),
        probe_until: None,
        generation: 1,
        ..CircuitRecord::default()
    };
    let mut refused = 0;
    for second in 0..=300 {
        let (admitted, next) = admit(&circuit, at(second));
        circuit = next.unwrap_or(circuit);
        match admitted {
            Err(CircuitRefusal::Open { until, .. }) => {
                assert_eq!(until, at(300), "not pushed ahead again and again");
                refused += 1;
            }
            other => assert!(matches!(other, Ok(Admission::Probe(_))), "{other:?}"),
        }
    }
    assert_eq!(refused, 300);
    circuit.probe_until = Some(at(ahead));
    for second in 400..445 {
        let (admitted, next) = admit(&circuit, at(second));
        circuit = next.unwrap_or(circuit);
        assert_eq!(admitted, Err(CircuitRefusal::Probing), "{second}");
    }
    assert!(matches!(
        admit(&circuit, at(445)).0,
        Ok(Admission::Probe(_))
    ));
}

#[test]
fn test_004_an_admin_may_probe_before_the_time_is_up_but_not_past_a_lease_or_isolation() {
    let open = CircuitRecord {
        failures: 5,
        open_until: Some(at(300)),
        generation: 1,
        ..CircuitRecord::default()
    };
    let (admitted, next) = admit_probe(&open, at(10));
    assert!(matches!(admitted, Ok(Admission::Probe(_))), "{admitted:?}");
    let probing = next.unwrap();
    assert_eq!(
        admit_probe(&probing, at(20)).0,
        Err(CircuitRefusal::Probing)
    );
    let isolated = isolate(&probing, at(20)).unwrap();
    assert_eq!(
        admit_probe(&isolated, at(99)).0,
        Err(CircuitRefusal::Isolated)
    );
}

#[test]
fn test_004_what_each_class_of_failure_says_of_its_system() {
    use ErrorClass as C;
    let table = [
        (C::Connect, Verdict::Down),
        (C::Timeout, Verdict::Down),
        (C::Transient, Verdict::Down),
        (C::RateLimited, Verdict::Unclear),
        (C::Tls, Verdict::Unclear),
        (C::Protocol, Verdict::Unclear),
        (C::Configuration, Verdict::Unclear),
        (C::Rejected, Verdict::Alive),
        (C::Authentication, Verdict::Alive),
        (C::Forbidden, Verdict::Alive),
    ];
    for (class, want) in table {
        assert_eq!(verdict(class), want, "{class:?}");
    }
}

#[test]
fn test_004_what_changes_nothing_is_not_stored() {
    let healthy = CircuitRecord::default();
    let probing = CircuitRecord {
        open_until: Some(at(0)),
        probe_until: Some(at(45)),
        ..CircuitRecord::default()
    };
    let ticket = Ticket(0);
    let settled = |verdict| settle(&healthy, ticket, verdict, "", at(1));
    assert_eq!(settled(Verdict::Alive), None, "nothing was counted");
    assert_eq!(settled(Verdict::Unclear), None, "nobody probed");
    assert_eq!(reset(&healthy, at(1)), None);
    let isolated = isolate(&probing, at(1)).unwrap();
    assert_eq!(isolated.probe_until, None, "its probe is over");
    assert_eq!(isolate(&isolated, at(2)), None, "it is already");
}
