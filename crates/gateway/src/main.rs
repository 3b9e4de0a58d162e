//! The `isogloss` command.

fn main() -> std::process::ExitCode {
    isogloss_gateway::cli::main()
}
