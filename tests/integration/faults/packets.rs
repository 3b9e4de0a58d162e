//! A network that drops packets: no refused connection, no reset, and no data.
//!
//! A relay cannot do that, because the kernel acknowledges the data that the relay holds.

use std::env;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use isogloss_testkit::Store;
use isogloss_testkit::servers::wait_until;

use crate::faults::{gateway, survives};

const INSIDE: &str = "ISOGLOSS_INSIDE_A_NAMESPACE";
const REDIS: &str = "10.99.0.2";

fn run(command: &str) {
    let done = Command::new("sh").args(["-ec", command]).output().unwrap();
    assert!(done.status.success(), "{command}: {done:?}");
}

/// A Redis server in its own network namespace, at the other end of a virtual cable.
struct Remote(Child);

impl Remote {
    fn start() -> Self {
        let script = format!(
            "while ! ip addr add {REDIS}/24 dev remote 2>/dev/null; do sleep 0.02; done; ip link set remote up; \
             exec redis-server --bind {REDIS} --protected-mode no --save '' --appendonly no"
        );
        let remote = Command::new("unshare")
            .args(["--net", "sh", "-ec", &script])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let remote = Self(remote);
        run("ip link set lo up; ip link add near type veth peer name remote");
        run("ip addr add 10.99.0.1/24 dev near; ip link set near up");
        let id = remote.0.id();
        // The process is in another namespace once `unshare` has run.
        let namespace = |id: &str| std::fs::read_link(format!("/proc/{id}/ns/net")).unwrap();
        wait_until("redis has its own namespace", || {
            namespace(&id.to_string()) != namespace("self")
        })
        .unwrap();
        run(&format!("ip link set remote netns {id}"));
        wait_until("redis listens", || {
            std::net::TcpStream::connect((REDIS, 6379)).is_ok()
        })
        .unwrap();
        remote
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Runs itself again in a network namespace of its own, which requires root.
#[test]
fn packets_to_redis_are_dropped() {
    if env::var_os(INSIDE).is_none() {
        let (_, module) = module_path!().split_once("::").unwrap();
        let output = Command::new("unshare")
            .arg("--net")
            .arg(env::current_exe().unwrap())
            .args([
                "--exact",
                &format!("{module}::packets_to_redis_are_dropped"),
            ])
            .arg("--nocapture")
            .env(INSIDE, "1")
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        eprintln!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success());
        // A name that matches no test is a success, too.
        assert!(stdout.contains("1 passed"));
        return;
    }
    let _remote = Remote::start();
    let gateway = gateway(Store::Redis(format!("redis://{REDIS}"))).start();
    let gateway = gateway.unwrap();
    gateway.wait_until_ready().unwrap();
    // Sends packets to an address that no host has.
    let drop_all = || {
        run(&format!(
            "ip neigh replace {REDIS} lladdr 02:00:00:00:00:01 dev near"
        ));
    };
    let heal = || {
        // Long enough for the retransmission timeout of the kernel to increase.
        std::thread::sleep(Duration::from_secs(1));
        run(&format!("ip neigh del {REDIS} dev near"));
    };
    let began = Instant::now();
    survives("packets to redis dropped", &gateway, drop_all, heal);
    eprintln!("the whole test took {:.0?}", began.elapsed());
}
