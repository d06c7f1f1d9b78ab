//! Films: checked, made to start at once, and seen.

use crate::fixture;
use palitra_media::video::{Error, check, fast_start, poster};
use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

fn holds(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|bytes| bytes == text)
}

#[test]
fn a_film_is_whole_and_has_its_facts() {
    let film = check(&fixture("film.mp4")).unwrap();
    assert_eq!((film.size, film.video_tracks, film.audio_tracks), (Some((96, 64)), 1, 1));
    assert_eq!(film.codec, Some(*b"avc1"));
    assert!(film.duration_ms.abs_diff(2000) < 100, "{}", film.duration_ms);
    assert!(!film.is_fast_start);
}

#[test]
fn the_index_moves_to_the_front_and_notes_go() {
    let file = fixture("film.mp4");
    assert!(holds(&file, b"secret"));
    let started = fast_start(&file).unwrap();
    assert!(check(&started).unwrap().is_fast_start && !holds(&started, b"secret"));
    assert!(matches!(fast_start(&started).unwrap(), Cow::Borrowed(_)));
    // The same first bytes of the same chunks.
    let (before, after) = (chunk_starts(&file), chunk_starts(&started));
    assert_eq!(before.len(), after.len());
    assert!(!before.is_empty());
    for (before, after) in before.iter().zip(after) {
        assert_eq!(file[*before..*before + 16], started[after..after + 16]);
    }
}

/// Of all `stco` boxes.
fn chunk_starts(film: &[u8]) -> Vec<usize> {
    let number =
        |at: usize| usize::try_from(u32::from_be_bytes(film[at..at + 4].try_into().unwrap())).unwrap();
    let tables = film.windows(4).enumerate().filter(|(_, name)| name == b"stco");
    tables.flat_map(|(at, _)| (0..number(at + 8)).map(move |n| number(at + 12 + n * 4))).collect()
}

#[test]
fn broken_films_are_refused() {
    let file = fixture("film.mp4");
    for length in [20, 100, file.len() / 2, file.len() - 1] {
        assert!(check(&file[..length]).is_err(), "{length} bytes");
    }
    assert!(matches!(check(b"\x89PNG\r\n\x1a\n"), Err(Error::NotAFilm)));
    assert!(matches!(check(&file[..32]), Err(Error::Lacks(_) | Error::Broken(_))));
    let mut outside = file.clone();
    let table = outside.windows(4).position(|name| name == b"stco").unwrap();
    outside[table + 12..table + 16].copy_from_slice(&[0x7f; 4]);
    assert!(matches!(check(&outside), Err(Error::Broken(_))));
}

#[test]
fn no_program_no_picture() {
    assert!(poster(&fixture("film.mp4"), Path::new("/nowhere/ffmpeg"), Duration::from_secs(1)).is_none());
}

/// A stand-in for `ffmpeg` tells what a machine without it can know: the film goes in, a picture comes out, and one that hangs is ended.
#[test]
fn a_picture_comes_from_the_program_and_a_hanging_one_is_ended() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, script: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rgb.png");
    let film = fast_start(&fixture("film.mp4")).unwrap().into_owned();
    let shows = program("shows", &format!("cat {}", picture.display()));
    let made = poster(&film, &shows, Duration::from_secs(60)).unwrap();
    assert_eq!((made.pixels.width(), made.pixels.height()), (48, 32));
    let hangs = program("hangs", "exec tail -f /dev/null");
    assert!(poster(&film, &hangs, Duration::from_millis(50)).is_none());
    let fails = program("fails", "exit 1");
    assert!(poster(&film, &fails, Duration::from_secs(60)).is_none());
}
