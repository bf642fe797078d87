//! Where settings come from, seen through a setting that is refused where it counts.

use std::fs;

use crate::world::{command, ended, folder, run, run_in};

#[test]
fn the_default_configuration_is_all_comments_and_is_accepted() {
    let folder = folder();
    let text = run(&["config"]).out;
    assert!(text.contains("# port = 5000") && text.contains("GLOBOTICKET_GATEWAY_PORT"), "{text}");
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
    fs::write(folder.path().join("shop.toml"), text.replace("# port = 5000", "port = 70000")).unwrap();
    run_in(&folder, &["run", "--config", "shop.toml"]).refused(2, "70000");
}

#[test]
fn every_setting_of_the_default_configuration_can_be_taken_in_as_it_stands() {
    let folder = folder();
    let text = run(&["config"]).out;
    let settings: String = text
        .lines()
        .take_while(|line| *line != "# [[function]]")
        .filter_map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(settings.lines().count() > 20, "{settings}");
    fs::write(folder.path().join("shop.toml"), &settings).unwrap();
    for args in [&["run", "--config", "shop.toml", "--port", "70000"] as &[&str], &["simulate", "--config", "shop.toml", "--seed", "x"]] {
        run_in(&folder, args).refused(2, "error: --");
    }
}

#[test]
fn a_flag_that_a_variable_sets_to_neither_true_nor_false_is_told_with_the_variable_and_all_else() {
    let folder = folder();
    let mut run = command(&folder, &["run", "--port", "x"]);
    let told = ended(&run.env("GLOBOTICKET_NO_SEED_DATA", "maybe").env("GLOBOTICKET_PROT", "1").output().unwrap());
    told.refused(2, "the variable GLOBOTICKET_NO_SEED_DATA is `maybe`: it must be true or false");
    assert!(told.err.contains("--port is `x`") && told.err.contains("GLOBOTICKET_PROT"), "{}", told.err);
}

#[test]
fn secrets_stand_neither_in_help_nor_in_the_help_of_a_set_variable() {
    let folder = folder();
    let help = ended(&command(&folder, &["run", "--help"]).env("GLOBOTICKET_GATEWAY_SECRET_KEY", "sk_hidden").output().unwrap());
    assert!(!help.out.contains("sk_"), "{}", help.out);
}

#[test]
fn the_environment_counts_before_the_file_and_the_command_line_before_both() {
    let folder = folder();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/globoticket.toml"), "port = 70001\n").unwrap();
    let args = ["run", "--data", "data"];
    run_in(&folder, &args).refused(2, "70001");
    ended(&command(&folder, &args).env("GLOBOTICKET_PORT", "70002").output().unwrap()).refused(2, "70002");
    let args = ["run", "--data", "data", "--port", "70003"];
    ended(&command(&folder, &args).env("GLOBOTICKET_PORT", "70002").output().unwrap()).refused(2, "70003");
}

#[test]
fn a_wrong_value_is_told_with_the_place_where_it_was_set() {
    let folder = folder();
    let file = "port = 70001\nurl = \"nonsense\"\ngateway-publishable-key = \"two words\"\n";
    fs::write(folder.path().join("shop.toml"), file).unwrap();
    let mut run = command(&folder, &["run", "--config", "shop.toml", "--listen", "nowhere"]);
    let told = ended(&run.env("GLOBOTICKET_GATEWAY_PORT", "70002").output().unwrap());
    told.refused(2, "4 settings");
    for place in [
        "`port` in shop.toml is `70001`",
        "the variable GLOBOTICKET_GATEWAY_PORT is `70002`",
        "--listen is `nowhere`",
        "`gateway-publishable-key` in shop.toml must be",
    ] {
        assert!(told.err.contains(place), "{place} is not in: {}", told.err);
    }
    run_in(&folder, &["events", "list", "--config", "shop.toml"]).refused(2, "`url` in shop.toml is `nonsense`");
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line_and_without_its_words() {
    let folder = folder();
    fs::write(folder.path().join("shop.toml"), "port = 5000\ngateway-secret-key = sk_hidden\n").unwrap();
    let told = run_in(&folder, &["run", "--config", "shop.toml"]);
    told.refused(2, "shop.toml is no TOML: line 2");
    assert!(!told.err.contains("sk_hidden"), "{}", told.err);
}

#[test]
fn unknown_keys_and_wrong_values_of_a_file_are_told_together() {
    let folder = folder();
    fs::write(folder.path().join("shop.toml"), "prot = 5000\nport = 70000\nno-seed-data = 3\n").unwrap();
    let ended = run_in(&folder, &["run", "--config", "shop.toml"]);
    ended.refused(2, "`prot`");
    assert!(ended.err.contains("70000") && ended.err.contains("`no-seed-data`"), "{}", ended.err);
}

#[test]
fn an_unknown_variable_is_a_warning() {
    let folder = folder();
    let output = command(&folder, &["config"]).env("GLOBOTICKET_PROT", "1").output().unwrap();
    let ended = ended(&output);
    assert_eq!(ended.code, Some(0));
    assert!(ended.err.contains("GLOBOTICKET_PROT"), "{}", ended.err);
}

#[test]
fn a_configuration_file_that_is_named_must_be_there() {
    run(&["run", "--config", "missing.toml"]).refused(2, "missing.toml");
}

#[test]
fn a_required_option_can_come_from_the_environment() {
    let folder = folder();
    let args = ["events", "create", "--title", "x", "--capacity", "1"];
    let output = command(&folder, &args).env("GLOBOTICKET_PRICE", "free").output().unwrap();
    ended(&output).refused(2, "`free`");
}
