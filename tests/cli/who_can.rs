//! Who holds a privilege, and through what.

use super::desk::Desk;

const CLUSTER: &str = "\
user:root@pam:1:0::::::
token:root@pam!part:0:1::
user:ann@pve:1:0::::::
token:ann@pve!deploy:0:0::
token:ann@pve!watch:0:1::
user:bob@pve:0:0::::::
user:eve@pve:1:0::::::
group:ops:ann@pve,bob@pve::
pool:lab::100::
role:Power:VM.PowerMgmt:
acl:1:/vms:@ops:PVEVMAdmin:
acl:1:/vms:ann@pve!watch:PVEVMUser:
acl:1:/pool/lab:eve@pve:Power:
";

fn asked(arguments: &[&str]) -> String {
    Desk::asked(CLUSTER, "who-can", arguments)
}

#[test]
fn everybody_is_listed_with_what_it_is_held_by() {
    insta::assert_snapshot!(asked(&["VM.PowerMgmt", "/vms/100"]));
}

#[test]
fn the_list_is_data_too() {
    insta::assert_snapshot!(asked(&["VM.PowerMgmt", "/vms/100", "--format", "json"]));
}

#[test]
fn what_was_meant_is_asked_back() {
    let told = [
        asked(&["VM.PowerMgnt", "/vms/100"]),
        asked(&["PVEVMUser", "/"]),
        asked(&["VM.Monitor", "/"]),
        asked(&["VM.Audit", "/vms/7"]),
        asked(&["/vms/100", "VM.Audit"]),
        asked(&["ann@pve", "/vms"]),
        asked(&["Sys.Modify", "/storage/one/two"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn nobody_is_said() {
    let desk = Desk::new();
    desk.write("user.cfg", "user:ann@pve:1\n");
    let told = desk.run(&["who-can", "VM.Audit", "/vms", "--live", "user.cfg"]);
    // root@pam comes back by itself.
    assert!(
        told.stdout.contains("  root@pam  everything, without a grant\n\n1 of 2 users and 0 of 0 tokens."),
        "{}",
        told.seen()
    );
}
