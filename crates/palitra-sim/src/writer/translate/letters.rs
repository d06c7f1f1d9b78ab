//! Letters: Russian ones, and their relatives, in Latin spelling, and words as the dictionary has them.

/// A word as the dictionary writes it: lower case, no dots.
pub(super) fn plain(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).map(|c| if c == 'ё' { 'е' } else { c }).collect()
}

/// A text with every Cyrillic letter spelled in Latin ones; letters that are never heard go.
pub(super) fn latin(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !palitra_domain::prompt::has_cyrillic(c.encode_utf8(&mut [0; 4])) {
            out.push(c);
            continue;
        }
        let sound = c.to_lowercase().next().map_or("", sound);
        let mut sound = sound.chars();
        if c.is_uppercase() {
            out.extend(sound.next().into_iter().flat_map(char::to_uppercase));
        }
        out.extend(sound);
    }
    out
}

fn sound(letter: char) -> &'static str {
    match letter {
        'а' | 'ә' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' | 'ғ' => "g",
        'д' => "d",
        'е' | 'э' | 'ѣ' => "e",
        'ё' => "yo",
        'є' => "ye",
        'ж' | 'җ' => "zh",
        'з' => "z",
        'и' | 'і' => "i",
        'ї' => "yi",
        'й' | 'ы' => "y",
        'ј' => "j",
        'к' | 'қ' => "k",
        'л' => "l",
        'љ' => "lj",
        'м' => "m",
        'н' | 'ң' => "n",
        'њ' => "nj",
        'о' | 'ө' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'ћ' | 'ч' => "ch",
        'у' | 'ў' | 'ү' | 'ұ' => "u",
        'ф' => "f",
        'х' => "kh",
        'һ' => "h",
        'ц' => "ts",
        'џ' => "dzh",
        'ђ' => "dj",
        'ш' => "sh",
        'щ' => "shch",
        'ю' => "yu",
        'я' => "ya",
        _ => "",
    }
}
