//! Logins with a second factor, as pve-access-control and proxmox-tfa have them: no recording does.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::asking::Caller;
use super::{Clock, Options, Stage, body};

/// The secret of RFC 6238's examples, and the six digits of its codes at `NOW` and 20 steps later.
const APP: &str = "otpauth%3A%2F%2Ftotp%2Fann%3Fsecret%3DGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const NOW: u64 = 1_111_111_109;
const CODE: &str = "081804";
const LATER: u64 = 1_234_567_890;
const LATER_CODE: &str = "005924";

const LOG_IN: &str = "POST /access/ticket";
const ANN: &str = "username=ann@pve&password=password1";
const REFUSED: &str = "401 authentication failure";

async fn stage() -> (Stage, &'static AtomicU64) {
    let now: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(NOW)));
    let clock = Clock::from_fn(|| now.load(Ordering::SeqCst));
    (Stage::with(Options { clock, ..Options::default() }).await, now)
}

async fn data(stage: &Stage, who: &Caller, line: &str, form: &str) -> Value {
    let answer = stage.send(who, line, form).await;
    let answer: Value = serde_json::from_str(body(&answer)).unwrap();
    answer["data"].clone()
}

/// The second request of a login, as far as it is always the same.
async fn challenged(stage: &Stage, form: &str) -> String {
    let half = data(stage, &Caller::nobody(), LOG_IN, form).await;
    assert_eq!((&half["NeedTFA"], half.get("cap")), (&Value::from(1), None), "{half}");
    let ticket = half["ticket"].as_str().unwrap().replace('%', "%25").replace('+', "%2B");
    format!("username=ann@pve&tfa-challenge={ticket}&password=")
}

#[tokio::test]
async fn an_authenticator_app_is_asked_for() {
    let (stage, now) = stage().await;
    let (nobody, ann) = (Caller::nobody(), stage.user("ann@pve").await);
    let add = "POST /access/tfa/ann@pve";
    let app = |more: &str| format!("type=totp&totp={APP}{more}");
    let wrong = "500 failed to verify TOTP challenge";
    stage.expect(&ann, add, &app("&value=000000&password=password1"), wrong).await;
    let lacking = "400 password: password is required to modify user";
    stage.expect(&ann, add, &app(&format!("&value={CODE}")), lacking).await;
    let added = data(&stage, &ann, add, &app(&format!("&value={CODE}&password=password1&description=phone"))).await;
    let id = added["id"].as_str().unwrap();
    assert!(stage.user_cfg().contains("user:ann@pve:1:0:::::x:"), "{}", stage.user_cfg());
    let entry = format!(r#"{{"created":{NOW},"description":"phone","id":"{id}","type":"totp"}}"#);
    stage.expect(&ann, "GET /access/tfa/ann@pve", "", &format!("200 [{entry}]")).await;
    let all = format!(r#"200 [{{"entries":[{entry}],"userid":"ann@pve"}}]"#);
    stage.expect(&stage.admin_token(), "GET /access/tfa", "", &all).await;
    stage.expect(&stage.user("low@pve").await, "GET /access/tfa", "", "200 []").await;

    now.store(LATER, Ordering::SeqCst);
    let answer = challenged(&stage, ANN).await;
    assert!(answer.contains("!tfa!%257B%2522totp%2522%253Atrue%257D:"), "{answer}");
    for code in [CODE, LATER_CODE, "totp:000000", "recovery:005924"] {
        stage.expect(&nobody, LOG_IN, &format!("{answer}{code}"), REFUSED).await;
    }
    let half = answer.split('&').find_map(|part| part.strip_prefix("tfa-challenge=")).unwrap();
    let half = Caller(format!("Cookie: PVEAuthCookie={}\r\n", half.replace("%25", "%")));
    let denied = stage.send(&half, "GET /version", "").await;
    assert!(denied.starts_with("HTTP/1.1 401 "), "half a login opens nothing: {denied}");
    let whole = data(&stage, &nobody, LOG_IN, &format!("{answer}totp:{LATER_CODE}")).await;
    assert!(whole["ticket"].as_str().unwrap().starts_with("PVE:ann@pve:") && whole.get("NeedTFA").is_none());
    stage.expect(&nobody, LOG_IN, &format!("{answer}totp:{LATER_CODE}"), REFUSED).await;
    stage.expect(&nobody, LOG_IN, &format!("{ANN}&otp=totp:{LATER_CODE}"), REFUSED).await;

    // With the ticket, the factor goes again, and then the password alone does.
    now.store(NOW, Ordering::SeqCst);
    let root = stage.log_in("root@pam", "rootpass").await;
    stage.expect(&root, &format!("PUT /access/tfa/ann@pve/{id}"), "enable=0", "200 null").await;
    assert!(data(&stage, &nobody, LOG_IN, ANN).await.get("NeedTFA").is_none());
    stage.expect(&root, &format!("DELETE /access/tfa/ann@pve/{id}"), "", "200 null").await;
    stage.expect(&root, "GET /access/tfa/ann@pve", "", "200 []").await;
    assert!(stage.user_cfg().contains("user:ann@pve:1:0::::::\n"), "{}", stage.user_cfg());
}

#[tokio::test]
async fn a_recovery_key_does_once() {
    let (stage, _) = stage().await;
    let (nobody, root) = (Caller::nobody(), stage.log_in("root@pam", "rootpass").await);
    stage.user("ann@pve").await;
    let made = data(&stage, &root, "POST /access/tfa/ann@pve", "type=recovery").await;
    let keys: Vec<&str> = made["recovery"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!((keys.len(), keys[0].len()), (10, 19));
    let again = "500 user already has recovery keys";
    stage.expect(&root, "POST /access/tfa/ann@pve", "type=recovery", again).await;
    let answer = challenged(&stage, ANN).await;
    let whole = data(&stage, &nobody, LOG_IN, &format!("{answer}recovery:{}", keys[1])).await;
    assert!(whole["ticket"].is_string());
    stage.expect(&nobody, LOG_IN, &format!("{answer}recovery:{}", keys[1]), REFUSED).await;
    let answer = challenged(&stage, ANN).await;
    assert!(answer.contains("%255B0%252C2%252C"), "{answer}");
    stage.expect(&root, "DELETE /access/users/ann@pve", "", "200 null").await;
    stage.expect(&stage.admin_token(), "GET /access/tfa", "", "200 []").await;
}
