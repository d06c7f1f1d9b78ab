//! Prints the slides of decks as Palitra reads them: `cargo run -p palitra-decks --example inspect -- [--brief] DECK…`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a person at a terminal")]

fn main() {
    let mut brief = false;
    for name in std::env::args().skip(1) {
        if name == "--brief" {
            brief = true;
            continue;
        }
        let bytes = match std::fs::read(&name) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("error: {name}: {error}");
                continue;
            }
        };
        match palitra_decks::read(&bytes, &name) {
            Ok(deck) => print(&name, &deck, brief),
            Err(error) => eprintln!("error: {name}: {error}\nhint: {}", error.hint()),
        }
    }
}

fn print(name: &str, deck: &palitra_decks::Deck, brief: bool) {
    println!("{name}: {:?}, {} slides, title: {}", deck.format, deck.slides.len(), deck.title);
    for slide in &deck.slides {
        let blank = if slide.is_blank() { " (blank)" } else { "" };
        println!("  {:>3} [{}] {}{blank}", slide.number, slide.place, slide.title);
        if let Some(prompt) = &slide.prompt {
            println!("      prompt: {}", prompt.replace('\n', "\n              "));
        }
        if !brief && !slide.content.is_empty() {
            println!("      {}", slide.content.replace('\n', "\n      "));
        }
    }
}
