//! Every recorded `user.cfg` is read and written as the server reads and writes it.

use pve_access::model::user_cfg::{read, write};
use pve_access::pve::Release;

use crate::fixtures;

#[test]
fn a_file_is_written_back_as_the_server_does() {
    let mut messy = fixtures::files("user-cfg", ".cfg");
    messy.retain(|file| !file.to_str().unwrap().ends_with(".canonical.cfg"));
    fixtures::check_all(&messy, |file| {
        let state = read(&fixtures::bytes(file)?, Release::MEASURED).state;
        let canonical = fixtures::text(&file.with_extension("canonical.cfg"))?;
        fixtures::compare(&canonical, &write(&state))
    });
}

#[test]
fn what_the_server_wrote_stays_as_it_is() {
    fixtures::check_all(&fixtures::files("user-cfg", ".canonical.cfg"), |file| {
        let reading = read(&fixtures::bytes(file)?, Release::MEASURED);
        fixtures::compare("", &reading.ignored.iter().map(|ignored| format!("{ignored}\n")).collect::<String>())?;
        fixtures::compare(&fixtures::text(file)?, &write(&reading.state))
    });
}

#[test]
fn every_file_of_the_permission_cases_can_be_read() {
    fixtures::check_all(&fixtures::files("permissions", ".cfg"), |file| {
        let first = write(&read(&fixtures::bytes(file)?, Release::MEASURED).state);
        let again = write(&read(first.as_bytes(), Release::MEASURED).state);
        fixtures::compare(&first, &again)
    });
}
