//! The one binary: everything it can do stands in `cli`.

fn main() -> std::process::ExitCode {
    klero::cli::run(std::env::args_os())
}
