//! The stage's service, on a thread of its own.

use crate::http::{self, Port};
use crate::service::House;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long, and how often, a stopped server looks whether its house is let go of.
const LOOK: Duration = Duration::from_millis(1);
const LOOKS_MAX: u32 = 5_000;

/// A service that serves.
pub struct Server {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
    /// What it serves.
    pub house: Arc<House>,
}

impl Server {
    /// Starts it on the port if that is free, with the port for whoever runs the machine beside it. Gives both addresses.
    pub fn start(house: House, port: u16) -> (Self, SocketAddr, SocketAddr) {
        // A port that is taken is no reason not to play.
        let listener = TcpListener::bind(("127.0.0.1", port))
            .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let beside = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let operations = beside.local_addr().expect("a bound port has an address");
        let house = Arc::new(house);
        let (stop, stopped) = oneshot::channel::<()>();
        let served = http::served(Arc::clone(&house), crate::web::pages());
        let told = http::operations::served(Arc::clone(&house), &served);
        let thread = std::thread::spawn(move || {
            let until = async {
                // An error is the stage going away, which ends the service as well.
                let _ = stopped.await;
            };
            let main = Port { listener, served, tls: None };
            let beside = Port { listener: beside, served: told, tls: None };
            let serving = http::serve_beside(main, Some(beside), until, || ());
            http::block_on(serving).expect("the ports are taken over");
        });
        (Self { stop, thread, house }, address, operations)
    }

    /// Stops it, and lets go of the folder.
    pub fn stop(self) {
        let Self { stop, thread, house } = self;
        // A server that ended by itself no longer listens for this.
        let _ = stop.send(());
        thread.join().expect("the server ends in order");
        // The server's workers let go of the house a moment after it ended; the folder is free when the last did.
        let mut looks = 0;
        while Arc::strong_count(&house) > 1 && looks < LOOKS_MAX {
            std::thread::sleep(LOOK);
            looks += 1;
        }
    }

    /// Waits until it is asked to end.
    pub fn run(self) {
        let Self { stop, thread, house } = self;
        thread.join().expect("the server ends in order");
        drop((stop, house));
    }
}
