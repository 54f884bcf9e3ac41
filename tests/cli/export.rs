//! A cluster that has grown becomes a file, and the file asks for nothing.

use super::desk::{Desk, Ran};

/// A cluster that several people have looked after for years, by hand and from a directory.
const GROWN: &str = "\
user:ann@pve:1:0:Ann:Lee:ann@example.com:Team lead, platform:x:
user:bob@pve:1:1814313600:Bob:%C3%96zt%C3%BCrk:bob@example.com:Contractor until June 2027::
user:carol@corp:1:0:Carol:Jones:carol.jones@example.com:::
user:dave@corp:0:0:Dave::dave@example.com:left 2024-03-01, keep for audit::
user:eve@corp:1:0:::eve@example.com:::
user:api@pam:1:0::::Homepage dashboard::
token:api@pam!homepage:0:0::
user:ci@pve:1:0::::::
token:ci@pve!deploy:1814356800:1:GitLab runner, infra/pve:
token:ci@pve!backup-check:0:1::
user:zabbix@pve:1:0::::monitoring%0Asee wiki::
token:zabbix@pve!agent:0:1::
user:josé@pve:1:0::::::

group:admins:ann@pve,carol@corp:Full control:
group:operators:bob@pve,dave@corp,eve@corp:Console and power:
group:api-ro-users:api@pam:Read-only API consumers:
group:devs:bob@pve,eve@corp,gone@corp::
group:ldap-corp:carol@corp,dave@corp,eve@corp:Synced from LDAP%3A ou=groups:

pool:team-a:Team A:100,101:local-lvm:
pool:team-b::200,201::

role:DashboardViewer:Datastore.Audit,Sys.Audit,VM.Audit:
role:VMOperator:VM.Audit,VM.Backup,VM.Config.CDROM,VM.Config.Cloudinit,VM.Console,VM.GuestAgent.Audit,VM.PowerMgmt,VM.Snapshot,VM.Snapshot.Rollback:

acl:1:/:@admins:Administrator:
acl:1:/:@api-ro-users:PVEAuditor:
acl:1:/:zabbix@pve!agent,zabbix@pve:DashboardViewer:
acl:0:/:ci@pve:PVEAuditor:
acl:1:/pool/team-a:@devs:PVEPoolUser,PVEVMUser:
acl:1:/pool/team-a:ci@pve!deploy,ci@pve:PVEVMAdmin:
acl:1:/pool/team-b:@devs:PVEPoolUser,PVEVMUser:
acl:1:/storage/backup:ci@pve!backup-check,ci@pve:PVEDatastoreUser:
acl:1:/storage/iso:@devs,@operators:PVEDatastoreUser:
acl:1:/vms:@operators:VMOperator:
acl:1:/vms/100:@former,old@corp:PVEVMUser:
acl:1:/vms/101:old@corp:PVEVMUser:
acl:1:/nodes/pve1:@operators:PVESysAdmin:
acl:1:/nodes/pve2:@operators:PVESysAdmin:
acl:1:/nodes/pve3:@operators:PVESysAdmin:
";

/// What a server bears and nobody wants to read.
const ODD: &str = "\
user:@x@pve:1:0::::0123::
user:a!b@pve:1:0::::two%0Alines%3A %23 no comment::
token:a!b@pve!null:0:1:true:
user:a#b@pve:1:0::::%1b[31mred%e2%80%ae::
user:a=b@pve:1:0::::::
token:a=b@pve!tok:0:1::
user:a,b@pve:1:0::::::
user:late@nosuch:1:9007199254740993:::nobody:never::
user:null@pve:1:0::::~::
group:.:null@pve::
group:No:null@pve,a!b@pve,@x@pve,gone@nosuch:- no list:
group:2027-06-30::%20%20%09tab:
role:VM.Audit:VM.Audit:
role:pveauditor:VM.Audit:
acl:1:/:@No,@.,null@pve:VM.Audit,PVEAuditor:
acl:1:/vms/99:null@pve:PVEAuditor:
acl:1:/:null@pve:pveauditor:
acl:1:/vms:a=b@pve!tok,a!b@pve!null:NoAccess:
";

/// Exports, plans at once with what came out, and exports again.
fn adopt(desk: &Desk, arguments: &[&str]) -> Ran {
    let exported = desk.run(&[&["export"], arguments].concat());
    assert_eq!(exported.code, 0, "{}", exported.seen());
    desk.write("adopted.yaml", &exported.stdout);
    let planned = desk.run(&["plan", "--detailed-exitcode", "-f", "adopted.yaml"]);
    assert_eq!((planned.code, planned.stderr.as_str()), (0, ""), "{}", planned.seen());
    assert_eq!(desk.run(&[&["export"], arguments].concat()).stdout, exported.stdout);
    exported
}

#[test]
fn a_grown_cluster_becomes_a_file_to_review() {
    insta::assert_snapshot!(adopt(&Desk::with_user_cfg(GROWN), &[]).seen());
}

#[test]
fn what_is_odd_is_declared_or_explained() {
    insta::assert_snapshot!(adopt(&Desk::with_user_cfg(ODD), &[]).seen());
}

#[test]
fn a_fresh_cluster_has_little_to_say() {
    insta::assert_snapshot!(adopt(&Desk::new(), &[]).seen());
}

#[test]
fn a_part_is_exported_by_kind_and_pattern() {
    let desk = Desk::with_user_cfg(GROWN);
    let only = ["--only", "groups=!ldap-*,users=*@corp", "--only", "acl=/pool/**,acl=!/pool/team-b,roles=Nobody*"];
    insta::assert_snapshot!(adopt(&desk, &only).seen());
}

#[test]
fn what_selects_nothing_is_refused() {
    let desk = Desk::new();
    let (seen, requests) = desk.requests_of(|| {
        ["group", "realms", "users=a@pve,b@pve", "users=[", "acl="]
            .map(|only| {
                let ran = desk.run(&["export", "--only", only]);
                assert_eq!(ran.code, 1);
                format!("$ export --only {only}\n{}", ran.seen())
            })
            .join("\n")
    });
    insta::assert_snapshot!(seen);
    assert!(requests.is_empty());
}

#[test]
fn a_copy_the_sandbox_and_the_api_say_the_same() {
    let desk = Desk::with_user_cfg(&format!("{GROWN}{ODD}"));
    let body = |ran: Ran| {
        assert_eq!(ran.code, 0, "{}", ran.seen());
        ran.stdout.split_once("version: 1").unwrap().1.to_owned()
    };
    let api = body(desk.run(&["export"]));
    assert_eq!(body(desk.run(&["export", "--live", "cluster/user.cfg"])), api);
    assert_eq!(body(desk.run(&["export", "--sandbox=cluster"])), api);
}

#[test]
fn what_was_not_seen_is_said_in_the_file_and_beside_it() {
    let desk = Desk::with_user_cfg(GROWN);
    let credential = desk.new_token("ci@pve!blind", "privsep=0");
    let run =
        |arguments: &[&str]| desk.ran(&desk.command_at(&desk.serving.url(), &credential, arguments).output().unwrap());
    let exported = run(&["export"]);
    desk.write("adopted.yaml", &exported.stdout);
    let planned = run(&["plan", "--detailed-exitcode", "-f", "adopted.yaml"]);
    assert_eq!((planned.code, planned.stderr.as_str()), (0, ""), "{}", planned.seen());
    insta::assert_snapshot!(exported.seen());
}

/// docs/export.md
#[test]
fn the_documentation_shows_what_comes_out() {
    let shown = include_str!("../../docs/export.md").split_once("```yaml exported\n").unwrap().1;
    let shown = shown.split_once("```\n").unwrap().0;
    let desk = Desk::new();
    desk.write(
        "pve.example.com",
        "user:ann@pve:1:0:::ann@example.com:Lab, second floor::\n\
         token:ann@pve!deploy:1814313600:1::\n\
         group:operators:ann@pve,gone@corp:Console and power:\n\
         pool:lab::100::\n\
         role:VMOperator:VM.Audit,VM.Console,VM.PowerMgmt:\n\
         acl:1:/pool/lab:@operators,ann@pve!deploy:PVEAuditor:\n\
         acl:1:/storage/iso:@operators,ann@pve!deploy:PVEAuditor:\n\
         acl:1:/vms:@operators:VMOperator:\n\
         acl:1:/vms/100:gone@corp:PVEVMUser:\n",
    );
    assert_eq!(desk.run(&["export", "--live", "pve.example.com"]).stdout, shown);
}
