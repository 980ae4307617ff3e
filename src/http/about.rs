//! What the service says about itself: version, and the description of the interface.

use super::answer::Answer;
use super::openapi::Description;
use super::problem::Problem;
use super::routes::Route;
use super::{page, wire};
use crate::refusal::Code;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use std::sync::Arc;
use utoipa_swagger_ui::Config;

/// What the running program knows of its surroundings.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The version of the stored tables.
    pub schema: u32,
    /// SHA-256 of the trial's configuration, hexadecimal.
    pub configuration: String,
}

/// The routes of this file: every port that people read has them.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/version", version)
            .public()
            .says("Which program answers, and by which forms and rules")
            .gives::<wire::Version>(200, "The version"),
        Route::get("/openapi.json", openapi)
            .public()
            .says("This description")
            .gives_plain(200, "An OpenAPI 3.1 document"),
        Route::get("/docs", to_docs).public().says("Leads to the description").page(),
        Route::get("/docs/{file:.*}", docs).public().says("The description to read").page(),
    ]
}

async fn version(about: web::Data<About>) -> Answer<wire::Version> {
    Answer::ok(wire::Version {
        program: concat!("klero ", env!("CARGO_PKG_VERSION")).to_owned(),
        commit: option_env!("KLERO_COMMIT").map(str::to_owned),
        api: "v1".to_owned(),
        schema: about.schema,
        configuration: about.configuration.clone(),
    })
}

async fn openapi(description: web::Data<Description>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(description.0.clone())
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// The vendored page, from the binary alone. Its validator would ask a host on the internet, so there is none.
async fn docs(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let config = Config::new(["/openapi.json"]).validator_url("none");
    let file = utoipa_swagger_ui::serve(req.match_info().query("file"), Arc::new(config));
    match file {
        Ok(Some(file)) => Ok(HttpResponse::Ok()
            .content_type(file.content_type)
            .insert_header((header::CONTENT_SECURITY_POLICY, page::CSP_DOCS))
            .body(file.bytes.into_owned())),
        Ok(None) => Err(Code::NoSuchPage.into()),
        Err(_) => Err(Code::Internal.into()),
    }
}
