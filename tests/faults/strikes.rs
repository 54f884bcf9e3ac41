//! Every fault at every request of every scenario.

use std::sync::Arc;
use std::time::Instant;

use pve_access::plan::{Approved, Op};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::proxy::{Acts, Counted, Fault, Place, said};
use super::scenario::{self, Scenario};
use super::trial::{Ended, Trial, begin};

/// Long after the run has ended.
const AT_THE_END: Acts = Acts::Later(usize::MAX);

/// What can go wrong with a request, whether it is a write or a read.
const ANY: [Fault; 13] = [
    Fault::Refuse,
    Fault::Cut(Acts::Never),
    Fault::Stall(Acts::Never),
    Fault::Slow,
    Fault::Truncate,
    Fault::Instead(said::PLAIN_500, Acts::Never),
    Fault::Instead(said::JSON_500, Acts::Never),
    Fault::Instead(said::NGINX_502, Acts::Never),
    Fault::Instead(said::HAPROXY_503, Acts::Never),
    Fault::Instead(said::REFUSED_595, Acts::Never),
    Fault::Instead(said::TIMED_OUT_596, Acts::Never),
    Fault::Instead(said::PORTAL_200, Acts::Never),
    Fault::Instead(said::NO_HTTP, Acts::Never),
];

/// What else can go wrong with a write: it is done all the same, now or later.
const WRITE: [Fault; 20] = [
    Fault::Cut(Acts::Before),
    Fault::Cut(Acts::Later(1)),
    Fault::Cut(Acts::Later(4)),
    Fault::Cut(Acts::Later(15)),
    Fault::Cut(AT_THE_END),
    Fault::Stall(Acts::Before),
    Fault::Stall(Acts::Later(3)),
    Fault::Stall(Acts::Later(15)),
    Fault::Instead(said::NGINX_502, Acts::Before),
    Fault::Instead(said::NGINX_502, Acts::Later(2)),
    Fault::Instead(said::HAPROXY_503, Acts::Before),
    Fault::Instead(said::NGINX_504, Acts::Before),
    Fault::Instead(said::TIMED_OUT_596, Acts::Before),
    Fault::Instead(said::TIMED_OUT_596, Acts::Later(1)),
    Fault::Instead(said::TIMED_OUT_596, Acts::Later(8)),
    Fault::Instead(said::TIMED_OUT_596, Acts::Later(15)),
    Fault::Instead(said::TIMED_OUT_596, AT_THE_END),
    Fault::Instead(said::PORTAL_200, Acts::Before),
    Fault::Instead(said::OTHER_JSON_200, Acts::Before),
    Fault::Instead(said::NO_HTTP, Acts::Before),
];

/// How many trials go on at once: most of them wait.
const AT_ONCE: usize = 24;

async fn trial(scene: Arc<Scene>, strike: (Place, Fault)) {
    let (place, fault) = strike;
    // A panic further in does not know which trial it ends.
    let _said = Said(format!("{}, {} {}: {fault:?}", scene.name, place.counted, place.nth + 1));
    let trial = Trial::over(scene.beginning.path()).await;
    match place.counted {
        Counted::Reads => trial.run(Some(strike)).await,
        Counted::Writes => trial.follow(scene.plan.plan(), Some(strike)).await,
    };
    assert_eq!(trial.ended(), scene.ended);
}

/// Says what was tried if that ends with a panic.
struct Said(String);

impl Drop for Said {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// A scenario, and how it goes where nothing goes wrong.
struct Scene {
    name: &'static str,
    beginning: TempDir,
    plan: Approved,
    ended: Ended,
    reads: usize,
    writes: usize,
}

impl Scene {
    async fn of(scenario: &Scenario) -> Scene {
        let beginning = begin(scenario);
        let trial = Trial::over(beginning.path()).await;
        let plan = trial.first_plan(scenario.asks).await;
        let (_, writes) = trial.follow(plan.plan(), None).await;
        assert_eq!(plan.plan().steps.len(), writes);
        // Reading is the same in all of them, but for whether tokens are among what is read back.
        let reads = match scenario.name {
            "homepage" | "tokens" | "rotation" | "removals" => Trial::over(beginning.path()).await.run(None).await.0,
            _ => 0,
        };
        Scene { name: scenario.name, beginning, plan, ended: trial.ended(), reads, writes }
    }

    fn strikes(&self) -> Vec<(Place, Fault)> {
        let at = |counted, nth| move |fault| (Place { counted, nth }, fault);
        let reads = (0..self.reads).flat_map(|nth| ANY.map(at(Counted::Reads, nth)));
        // A secret that is renewed after everybody has looked kills the one that is saved by then: nobody can tell.
        let renews = self.plan.plan().steps.iter().any(|step| matches!(step.op, Op::RotateToken { .. }));
        let is_bearable =
            |fault: &Fault| !renews || !matches!(fault, Fault::Cut(AT_THE_END) | Fault::Instead(_, AT_THE_END));
        let faults = || ANY.into_iter().chain(WRITE).filter(is_bearable);
        let writes = (0..self.writes).flat_map(|nth| faults().map(at(Counted::Writes, nth)));
        reads.chain(writes).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_goes_wrong_wherever_applying_again_ends_it() {
    let started = Instant::now();
    let (permits, mut trials, mut tried) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new(), 0_usize);
    for scenario in scenario::all() {
        let scene = Arc::new(Scene::of(&scenario).await);
        for strike in scene.strikes() {
            tried += 1;
            let permit = permits.clone().acquire_owned().await.unwrap();
            let task = trial(scene.clone(), strike);
            trials.spawn(async move {
                task.await;
                drop(permit);
            });
            while let Some(done) = trials.try_join_next() {
                done.unwrap();
            }
        }
    }
    while let Some(done) = trials.join_next().await {
        done.unwrap();
    }
    println!("{tried} combinations of scenario, request and fault in {:?}", started.elapsed());
    assert!(tried >= 2000, "{tried} are not what they were");
}
