//! The program: everything it does is in the library.

fn main() -> voxplay::cli::Exit {
    voxplay::cli::main()
}
