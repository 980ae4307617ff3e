//! A witness's port: one address, `POST /add-checkpoint` of C2SP tlog-witness. It knows neither house nor store.

use super::{CONNECTIONS_MAX, HEAD_TIME_MAX, IDLE_TIME_MAX};
use crate::sealing::witness::SUBMISSION_BYTES_MAX;
use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

/// What a witness answers: the status, the kind of the body, and the body.
pub struct Said {
    /// The status.
    pub status: u16,
    /// The kind of the body.
    pub kind: &'static str,
    /// The body.
    pub body: String,
}

/// How a submission is answered.
pub type Answering = Arc<dyn Fn(&str) -> Said + Send + Sync>;

/// Serves until the process is asked to end.
///
/// # Errors
/// When the listener cannot be taken over.
pub async fn serve_witness(listener: TcpListener, answering: Answering) -> io::Result<()> {
    HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(answering.clone()))
            .app_data(web::PayloadConfig::new(SUBMISSION_BYTES_MAX))
            .route("/add-checkpoint", web::post().to(add))
    })
    .workers(1)
    .max_connections(CONNECTIONS_MAX)
    .client_request_timeout(HEAD_TIME_MAX)
    .keep_alive(IDLE_TIME_MAX)
    .listen(listener)?
    .run()
    .await
}

async fn add(answering: web::Data<Answering>, body: String) -> HttpResponse {
    let answering = Arc::clone(&answering);
    // It waits for the disk before it answers.
    let said = web::block(move || answering(&body)).await;
    let Ok(said) = said else { return HttpResponse::InternalServerError().finish() };
    let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).content_type(said.kind).body(said.body)
}
