//! MP4 (ISO/IEC 14496-12, -14 and -15): the few boxes a silent film needs, the index in front so that it plays while it loads.

/// Ticks of a second: every picture takes a whole number of them.
const TICKS: u32 = 12_288;
/// Milliseconds a second: the clock of the whole film.
const MILLISECONDS: u32 = 1000;
/// No rotation, no scaling.
const UPRIGHT: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// One track of pictures; the first is one that can be shown alone, and no other is.
pub(super) struct Track {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Pictures a second.
    pub(super) rate: u32,
    /// The sequence and the picture parameter set.
    pub(super) sets: [Vec<u8>; 2],
    /// Each with its lengths in front.
    pub(super) samples: Vec<Vec<u8>>,
}

/// The bytes of the film.
pub(super) fn file(track: &Track) -> Vec<u8> {
    let kind = atom(*b"ftyp", &[b"isom", &numbers(&[512]), b"isomiso2avc1mp41"]);
    let data = atom(*b"mdat", &track.samples.iter().map(Vec::as_slice).collect::<Vec<_>>());
    // The index says where the data begins, which depends on the index's length alone.
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let start = length(&kind) + length(&track.index(0)) + 8;
    [kind, track.index(start), data].concat()
}

impl Track {
    fn index(&self, start: u32) -> Vec<u8> {
        let count = u32::try_from(self.samples.len()).unwrap_or(u32::MAX);
        let duration = count * MILLISECONDS / self.rate;
        let header = full(
            *b"mvhd",
            0,
            &[
                &numbers(&[0, 0, MILLISECONDS, duration, 0x1_0000, 0x0100_0000, 0, 0]),
                &numbers(&UPRIGHT),
                &numbers(&[0, 0, 0, 0, 0, 0, 2]),
            ],
        );
        // Enabled, and part of the film.
        let track_header = full(
            *b"tkhd",
            3,
            &[
                &numbers(&[0, 0, 1, 0, duration, 0, 0, 0, 0]),
                &numbers(&UPRIGHT),
                &numbers(&[self.width << 16, self.height << 16]),
            ],
        );
        let media = atom(
            *b"mdia",
            &[
                // No language: `und`.
                &full(*b"mdhd", 0, &[&numbers(&[0, 0, TICKS, count * (TICKS / self.rate), 0x55c4_0000])]),
                &full(*b"hdlr", 0, &[&numbers(&[0]), b"vide", &numbers(&[0, 0, 0]), b"palitra\0"]),
                &self.information(count, start),
            ],
        );
        atom(*b"moov", &[&header, &atom(*b"trak", &[&track_header, &media])])
    }

    fn information(&self, count: u32, start: u32) -> Vec<u8> {
        let here = full(*b"url ", 1, &[]);
        let sizes: Vec<u32> =
            self.samples.iter().map(|sample| u32::try_from(sample.len()).unwrap_or(u32::MAX)).collect();
        let table = atom(
            *b"stbl",
            &[
                &full(*b"stsd", 0, &[&numbers(&[1]), &self.description()]),
                &full(*b"stts", 0, &[&numbers(&[1, count, TICKS / self.rate])]),
                &full(*b"stss", 0, &[&numbers(&[1, 1])]),
                &full(*b"stsc", 0, &[&numbers(&[1, 1, count, 1])]),
                &full(*b"stsz", 0, &[&numbers(&[0, count]), &numbers(&sizes)]),
                &full(*b"stco", 0, &[&numbers(&[1, start])]),
            ],
        );
        atom(
            *b"minf",
            &[
                &full(*b"vmhd", 1, &[&numbers(&[0, 0])]),
                &atom(*b"dinf", &[&full(*b"dref", 0, &[&numbers(&[1]), &here])]),
                &table,
            ],
        )
    }

    /// What a decoder needs before the first picture.
    fn description(&self) -> Vec<u8> {
        let [sequence, picture] = &self.sets;
        let short = |set: &[u8]| u16::try_from(set.len()).unwrap_or(u16::MAX).to_be_bytes();
        let configuration = atom(
            *b"avcC",
            &[
                // Version 1, profile and level as in the set, lengths of four bytes, one set of each kind.
                &[1, sequence[1], sequence[2], sequence[3], 0xff, 0xe1],
                &short(sequence),
                sequence,
                &[1],
                &short(picture),
                picture,
            ],
        );
        // Rec. 709 in all three tables, 16 to 235.
        let colours = atom(*b"colr", &[b"nclx", &[0, 1, 0, 1, 0, 1, 0]]);
        let size = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX).to_be_bytes();
        atom(
            *b"avc1",
            &[
                &[0, 0, 0, 0, 0, 0, 0, 1],
                &numbers(&[0, 0, 0, 0]),
                &size(self.width),
                &size(self.height),
                // 72 dots an inch, one picture a sample.
                &numbers(&[0x48_0000, 0x48_0000, 0]),
                &[0, 1],
                // The encoder's name, its length first, in 32 bytes.
                b"\x0fpalitra sandbox",
                &[0; 16],
                // 24 bits of colour, no table.
                &[0, 24, 0xff, 0xff],
                &configuration,
                &colours,
            ],
        )
    }
}

/// A box: its length, its name, what is in it.
fn atom(name: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&name);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

/// A box of version 0 with flags.
fn full(name: [u8; 4], flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    atom(name, &[&[&flags.to_be_bytes()[..]], parts].concat())
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}
