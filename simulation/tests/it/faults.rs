//! Which faults there are, and how they are asked for.

use simulation::{Fault, FaultPlan, Faults};

#[test]
fn plans_are_written_as_all_none_or_a_list_of_names() {
    assert_eq!("all".parse(), Ok(FaultPlan::all()));
    assert_eq!("none".parse(), Ok(FaultPlan::none()));
    let list: FaultPlan = "crash, reply-lost".parse().unwrap();
    let striking: Vec<Fault> = Fault::all().filter(|fault| list.rate(*fault) > 0).collect();
    assert_eq!(striking, [Fault::Crash, Fault::ReplyLost]);
    assert!(Fault::all().all(|fault| fault.name().parse() == Ok(fault) && FaultPlan::all().rate(fault) > 0));
}

#[test]
fn an_unknown_fault_is_named_together_with_the_known_ones() {
    let error = "crash,earthquake".parse::<FaultPlan>().unwrap_err().to_string();
    assert!(error.starts_with("`earthquake` is no fault") && error.contains("crash-before-commit, crash-after-commit"), "{error}");
}

#[test]
fn one_fault_switched_off_does_not_shift_the_others() {
    let draws = |plan| {
        let mut faults = Faults::new(9, plan);
        (0..10_000).map(|_| (faults.draw(Fault::Crash), faults.draw(Fault::ReplyLost)).1).collect::<Vec<_>>()
    };
    let all = draws(FaultPlan::all());
    assert!(all.contains(&true));
    assert_eq!(all, draws(FaultPlan::all().with(Fault::Crash, 0)));
}

#[test]
fn nothing_goes_wrong_any_more_once_the_plan_says_so_and_counts_stay() {
    let mut faults = Faults::new(9, FaultPlan::none().with(Fault::DiskFull, 1_000_000));
    assert!(faults.draw(Fault::DiskFull));
    faults.count(Fault::DiskFull);
    faults.set_plan(FaultPlan::none());
    assert!(!faults.draw(Fault::DiskFull));
    assert_eq!((faults.counts()["disk-full"], faults.counts()["crash"]), (1, 0));
}
