# Screens nobody and opens nothing: asks for one participant's code, once, and reads who is in the trial. Needs httr2 and jsonlite.
#   KLERO=https://klero.example KLERO_NAME=c-rjs KLERO_PASSWORD=... Rscript recipe.R RJS-017
library(httr2)

base <- Sys.getenv("KLERO")
number <- commandArgs(trailingOnly = TRUE)[1]
password <- Sys.getenv("KLERO_PASSWORD")

# A session: it ends after 20 idle minutes.
token <- request(base) |>
  req_url_path("/v1/sessions") |>
  req_body_json(list(name = Sys.getenv("KLERO_NAME"), password = password)) |>
  req_perform() |>
  resp_body_json() |>
  (\(session) session$token)()

klero <- function(path, body = NULL, key = NULL) {
  asked <- request(base) |>
    req_url_path(path) |>
    req_auth_bearer_token(token) |>
    # A refusal is an answer: it says what, why and what next.
    req_error(body = \(answer) paste(resp_body_json(answer)[c("code", "detail")], collapse = ": "))
  if (!is.null(body)) asked <- req_body_json(asked, body)
  if (!is.null(key)) asked <- req_headers(asked, "Idempotency-Key" = key)
  req_perform(asked) |> resp_body_json()
}

# Numbers travel in bodies, never in addresses.
reference <- klero("/v1/participants/search", list(number = number))$reference
# One key a participant: however often this runs, the answer is the first one.
key <- substr(paste0("randomise-", reference, "-once-and-no-more"), 1, 64)
signature <- list(
  password = password,
  meaning = "I ask for the allocation of this participant, once"
)
made <- klero(paste0("/v1/participants/", reference, "/allocation"), list(signature = signature), key)
cat(number, made$code, made$at, if (isTRUE(made$repeated)) "asked before" else "new", "\n")
all <- klero("/v1/participants")$participants
cat(length(all), "participants of the own centre\n")
