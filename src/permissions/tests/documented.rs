//! The examples of docs/permissions.md.

use crate::model::{AccessState, Propagate, user_cfg};
use crate::permissions::{Evaluator, Privileges};
use crate::pve::{Principal, Release, UserId};

const PAGE: &str = include_str!("../../../docs/permissions.md");

/// A file, and the rows of the table after it.
struct Example<'p> {
    file: Vec<&'p str>,
    without: Option<&'p str>,
    rows: Vec<[&'p str; 4]>,
}

fn examples() -> Vec<Example<'static>> {
    let mut examples: Vec<Example<'_>> = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```cfg") {
            let file = lines.by_ref().take_while(|line| *line != "```").collect();
            examples.push(Example { file, without: info.strip_prefix(" without "), rows: Vec::new() });
        } else if let Some(row) = line.strip_prefix("| `") {
            let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").map(|cell| cell.trim_matches('`')).collect();
            let row = cells.try_into().unwrap_or_else(|cells| panic!("{cells:?}"));
            examples.last_mut().unwrap_or_else(|| panic!("{row:?} has no file")).rows.push(row);
        }
    }
    examples
}

fn said(privileges: &Privileges, everything: &Privileges) -> String {
    if privileges.is_empty() {
        "nothing".to_owned()
    } else if privileges.keys().eq(everything.keys()) {
        "everything".to_owned()
    } else {
        privileges.keys().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn every_row_is_what_is_held() {
    let mut rows = 0;
    let mut state = AccessState::empty(Release::MEASURED);
    for Example { file, without, rows: expected } in examples() {
        if let Some(role) = without {
            state.remove_role(&role.parse().unwrap());
        } else {
            let reading = user_cfg::read(file.join("\n").as_bytes(), Release::MEASURED);
            assert_eq!(reading.ignored, [], "{file:#?}");
            state = reading.state;
        }
        assert!(!expected.is_empty(), "{file:#?}");
        let evaluator = Evaluator::new(&state);
        let everything = evaluator.at(&Principal::User(UserId::root()), "/");
        for [who, path, here, below] in expected {
            let principal: Principal = who.parse().unwrap();
            let outline = evaluator.outline(&principal);
            let elsewhere = format!("{}/elsewhere", path.trim_end_matches('/'));
            assert_eq!(said(&evaluator.at(&principal, path), &everything), here, "{who} at {path}");
            assert_eq!(said(&evaluator.at(&principal, &elsewhere), &everything), below, "{who} below {path}");
            assert_eq!(said(outline.at(path), &everything), here, "{who} at {path}, outlined");
            assert_eq!(said(outline.at(&elsewhere), &everything), below, "{who} below {path}, outlined");
            rows += 1;
        }
    }
    assert!(rows > 25, "{rows} rows");
}

/// A group's grant that propagates, and another's of the same role that does not, however they are called.
#[test]
fn what_is_left_to_chance_is_said_to_propagate() {
    for propagates in ["ops", "dev"] {
        let lines: String =
            ["ops", "dev"].map(|group| format!("acl:{}:/vms:@{group}:Look\n", u8::from(group == propagates))).concat();
        let file = format!("user:ann@pve:1\ngroup:ops:ann@pve\ngroup:dev:ann@pve\nrole:Look:VM.Audit\n{lines}");
        let state = user_cfg::read(file.as_bytes(), Release::MEASURED).state;
        let held = Evaluator::new(&state).at(&"ann@pve".parse().unwrap(), "/vms");
        assert_eq!(held.into_values().collect::<Vec<_>>(), [Propagate::Yes]);
    }
}

/// The paths that the page names are those that are listed where nothing is granted.
#[test]
fn the_paths_that_are_always_there_are_on_the_page() {
    let state = user_cfg::read(b"", Release::MEASURED).state;
    let listed = Evaluator::new(&state).effective(&Principal::User(UserId::root()));
    let (_, section) = PAGE.split_once("## Paths that are always there\n").unwrap();
    let sentence = section.split(';').next().unwrap();
    let named: Vec<&str> = sentence.split('`').skip(1).step_by(2).collect();
    assert_eq!(listed.keys().map(String::as_str).collect::<Vec<_>>(), named);
}
